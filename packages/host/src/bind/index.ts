export { admitAll, admitAny, admitAnyone, allowPlugins, requireCertificate, requireToken } from "./admit.js";
export type { BindListener, DrainOptions } from "./bind-listener.js";
export type { BoundPlugin, BoundState } from "./bound-plugin.js";
export type { BindEvent, BindEventKind } from "./events.js";
export type { Admit, BindAdmission, BindCertificate, BindFacts, BindRefusal } from "./facts.js";
export type { BindLogCounts } from "./log-intake.js";
export type { BoundSessionOptions, ListenOptions, ListenTls } from "./options.js";
export { createTokens } from "./tokens.js";
export type { StoredToken, TokenOptions, Tokens } from "./tokens.js";

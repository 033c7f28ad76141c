import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import sqlite from "node-sqlite3-wasm";
import type { Database } from "./gen/shop/v1/shop_pb.js";
import { fromValue, type SqlValue, toValue } from "./values.js";

/** The shop's database: one connection, whoever uses it. */
export interface ShopDatabase {
  /** For the host itself. */
  all(sql: string, ...parameters: SqlValue[]): Record<string, SqlValue>[];
  /** For `hostServices: { database: database.readWrite }`. */
  readonly readWrite: (plugin: { readonly name: string }) => ServiceImpl<typeof Database>;
  /** The same for plugins that may change nothing. */
  readonly readOnly: (plugin: { readonly name: string }) => ServiceImpl<typeof Database>;
  /** How many queries each plugin has made so far. */
  readonly queriesBy: ReadonlyMap<string, number>;
  close(): void;
}

const maxRows = 1000;

/** Opens the file, which is made if it is not there. */
export function openDatabase(file: string): ShopDatabase {
  const connection = new sqlite.Database(file);
  const queriesBy = new Map<string, number>();

  const query = (sql: string, parameters: SqlValue[], mayWrite: boolean): Record<string, SqlValue>[] => {
    // Nothing else runs in between: a query holds the thread from here to its end.
    connection.exec(`PRAGMA query_only = ${mayWrite ? "OFF" : "ON"}`);
    return connection.all(sql, parameters) as Record<string, SqlValue>[];
  };

  const serve =
    (mayWrite: boolean) =>
    ({ name }: { readonly name: string }): ServiceImpl<typeof Database> => ({
      query({ sql, parameters }) {
        queriesBy.set(name, (queriesBy.get(name) ?? 0) + 1);
        checkKind(sql);
        const rows = runFor(name, () => query(sql, parameters.map(fromValue), mayWrite));
        if (rows.length > maxRows) {
          throw new ConnectError(
            `the query has ${rows.length} rows, and ${maxRows} are given out`,
            Code.ResourceExhausted,
          );
        }
        const columnsOf = (row: Record<string, SqlValue>) =>
          Object.fromEntries(Object.entries(row).map(([column, value]) => [column, toValue(value)]));
        return { rows: rows.map((row) => ({ columns: columnsOf(row) })) };
      },
    });

  return {
    all: (sql, ...parameters) => query(sql, parameters, true),
    readWrite: serve(true),
    readOnly: serve(false),
    queriesBy,
    close: () => connection.close(),
  };
}

/** ATTACH would open any file for the plugin, and PRAGMA change the connection for everybody. */
function checkKind(sql: string): void {
  if (/^\s*(select|insert|update|delete|with)\b/i.test(sql)) return;
  throw new ConnectError("only SELECT, INSERT, UPDATE and DELETE may be run here", Code.PermissionDenied);
}

function runFor<T>(plugin: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    const why = (error as Error).message;
    const isWrite = /readonly database/.test(why);
    const code = isWrite ? Code.PermissionDenied : Code.InvalidArgument;
    throw new ConnectError(isWrite ? `the plugin ${plugin} may only read` : why, code, undefined, undefined, error);
  }
}

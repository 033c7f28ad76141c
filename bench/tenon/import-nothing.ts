// What a module costs that imports no package.
export const nothing = undefined;

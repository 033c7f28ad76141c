import assert from "node:assert/strict";
import { test } from "node:test";
import { FileIndex } from "./file-index.js";
import { library } from "./library.testing.js";

const index = new FileIndex([library]);

test("finds the file of everything that a file declares [WIRE-22]", () => {
  const home: Record<string, string[]> = {
    "lib/api.proto": ["lib.Library", "lib.Library.Find", "lib.weight", "lib.height"],
    "lib/item.proto": [
      "lib.Item",
      "lib.Item.kind",
      "lib.Item.Part",
      "lib.Item.Part.pages",
      "lib.Item.Size",
      "lib.Item.SMALL",
    ],
    "lib/kind.proto": ["lib.Kind", "lib.KIND_BOOK", ".lib.Kind"],
  };
  for (const [file, names] of Object.entries(home)) {
    assert.equal(index.fileNamed(file)?.proto.name, file);
    for (const name of names) assert.equal(index.fileOfSymbol(name)?.proto.name, file, name);
  }
  for (const name of ["", "lib", "lib.Nothing", "lib.Kind.KIND_BOOK", "lib.Library.Lose"]) {
    assert.equal(index.fileOfSymbol(name), undefined, name);
  }
  assert.equal(index.fileNamed("lib/api"), undefined);
});

test("knows extensions by message and number [WIRE-22]", () => {
  assert.deepEqual(index.extensionNumbers("lib.Item"), [110, 120]);
  assert.deepEqual(index.extensionNumbers("lib.Item.Part"), []);
  assert.equal(index.extensionNumbers("lib.Nothing"), undefined);
  assert.equal(index.fileOfExtension("lib.Item", 120)?.proto.name, "lib/api.proto");
  assert.equal(index.fileOfExtension("lib.Item", 100), undefined);
  assert.equal(index.fileOfExtension("lib.Nothing", 100), undefined);
});

test("gives a file with what it imports, and no import twice [WIRE-22]", () => {
  const sent = new Set<string>();
  const names = (file: string) => index.withImports(index.fileNamed(file)!, sent).map(({ proto }) => proto.name);
  assert.deepEqual(names("lib/item.proto"), ["lib/item.proto", "lib/kind.proto"]);
  assert.deepEqual(names("lib/api.proto"), ["lib/api.proto"]);
  assert.deepEqual(names("lib/item.proto"), ["lib/item.proto"]);
});

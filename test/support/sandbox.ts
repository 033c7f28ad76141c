import { mkdtempSync, rmSync } from "node:fs";
import { after } from "node:test";
import { assertNoLeaks, listDescendants, type ResourceSnapshot, snapshotResources } from "@tenon/testkit";

/** A private temporary directory and a mark on everything that the test file starts. */
export interface Sandbox {
  readonly directory: string;
  /** Rejects unless everything that this file has started since the last look has gone, files and sockets included. */
  assertClean(graceMs?: number): Promise<void>;
}

/**
 * Makes the sandbox of a test file: call it once, at the top. From then on the temporary directory of this process and
 * of all it starts is a private one, so that leftovers of this file are told apart from those of files that run at the
 * same time. When the last test has ended it asserts that nothing is left, and kills and removes what is.
 */
export function useSandbox(): Sandbox {
  const directory = mkdtempSync("/tmp/tt");
  const mark = `TENON_SANDBOX=${directory}`;
  process.env["TMPDIR"] = directory;
  process.env["TENON_SANDBOX"] = directory;
  const options = { environmentMark: mark, temporaryDirectories: [directory] };
  const before: ResourceSnapshot = snapshotResources(options);
  after(async () => {
    try {
      // The runner's own resources come and go; those of this process are compared by the tests that are about them.
      await assertNoLeaks(before, { graceMs: 15_000, ignoredKinds: ["active resource", "open descriptor"] });
    } finally {
      for (const { pid } of listDescendants(process.pid, mark)) kill(pid);
      rmSync(directory, { recursive: true, force: true });
    }
  });
  return {
    directory,
    assertClean: (graceMs = 15_000) =>
      assertNoLeaks(before, { graceMs, ignoredKinds: ["active resource", "open descriptor"] }),
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone since it was listed.
  }
}

/** The durable job at full size: every way a server fails, and a process that is killed 50 times. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runKilledJob } from "../job/killed-job.ts";

test("100,000 responses are scored, none lost, doubled or wrong, though 30% of requests fail and the process is killed 50 times", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lmcov-killed-"));
  try {
    const concurrency = 64;
    const result = await runKilledJob({ folder, units: 100_000, kills: 50, concurrency });
    expect(result).toMatchObject({ exitCode: 0, kills: 50, lost: 0, doubled: 0, wrong: 0 });
    expect(result.faulty).toBeGreaterThan(30_000);
    expect(result.servedInVain).toBeLessThan(50 * 4 * concurrency);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

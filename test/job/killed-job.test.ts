import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runKilledJob } from "./killed-job.ts";

test("2,000 responses are scored, none lost, doubled or wrong, though 30% of requests fail and the process is killed 3 times", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lmcov-killed-"));
  try {
    const concurrency = 32;
    const result = await runKilledJob({ folder, units: 2000, kills: 3, concurrency });
    expect(result).toMatchObject({ exitCode: 0, kills: 3, lost: 0, doubled: 0, wrong: 0 });
    expect(result.faulty).toBeGreaterThan(600);
    // Requests under way at each kill, and what waited for a sync of at most 50 ms.
    expect(result.servedInVain).toBeLessThan(3 * 4 * concurrency);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 300_000);

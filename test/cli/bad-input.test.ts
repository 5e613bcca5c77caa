/** Bad input: rejected rows are counted with file, line and field; unusable input is one sentence and exit code 2. */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lmcov } from "../lmcov.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lmcov-bad-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const write = (name: string, text: string | Uint8Array) => writeFile(join(folder, name), text);

async function refused(words: readonly string[], reason: RegExp): Promise<void> {
  const before = (await readdir(folder)).sort();
  const { code, stdout, stderr } = await lmcov(words, { cwd: folder });
  expect(code, stdout + stderr).toBe(2);
  expect(stderr).toMatch(reason);
  expect(stderr).not.toMatch(/\n\s+at |defect/);
  expect(stdout).toBe("");
  expect((await readdir(folder)).sort()).toEqual(before);
}

const good = '{"model":"m","problem":"a","n":10,"c":3}\n{"model":"m","problem":"b","n":10,"c":0}\n';

describe("bad rows", () => {
  const bad = [
    '{"model":"m","problem":"c","n":10,"c":11}',
    '{"model":"m","problem":"d","n":-1,"c":0}',
    '{"model":"m","problem":"e","n":NaN,"c":0}',
    '{"model":"m","problem":"f","c":0}',
    '{"model":"m","problem":"g","n":10,"c":2.5}',
    '{"model":"m","problem":"h","n":10',
  ];

  test("are rejected and counted with file, line and field, and the rest is used", async () => {
    await write("log.jsonl", `${good}${bad.join("\n")}\n`);
    const { code, stdout } = await lmcov(["passk", "log.jsonl", "--k", "1", "--json"], { cwd: folder });
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result.models[0]).toMatchObject({ problems: 2, draws: 20 });
    expect(result.inputs.rejected).toBe(bad.length);
    const lines = result.inputs.rejections.map((text: string) => Number(/log\.jsonl:(\d+)/.exec(text)?.[1]));
    expect(lines.sort((a: number, b: number) => a - b)).toEqual([3, 4, 5, 6, 7, 8]);
    expect(result.inputs.rejections.join("\n")).toMatch(/:3, c: /);
    expect(result.inputs.rejections.join("\n")).toMatch(/:4, n: /);
  });

  test("are said in the report, and make exit code 3 only under --strict", async () => {
    await write("log.jsonl", `${good}${bad[0]}\n`);
    const report = await lmcov(["report", "log.jsonl"], { cwd: folder });
    expect(report.code).toBe(0);
    expect(report.stdout).toContain("1 bad rows rejected");
    expect(report.stdout).toContain("log.jsonl:3");
    const strict = await lmcov(["report", "log.jsonl", "--strict"], { cwd: folder });
    expect(strict.code).toBe(3);
  });
});

describe("unusable input", () => {
  test("a missing file", () =>
    refused(["report", "nowhere.jsonl"], /nowhere\.jsonl: no such file or folder/));

  test("no input at all", () => refused(["report"], /give at least one/));

  test("an empty file", async () => {
    await write("empty.jsonl", "");
    await refused(["passk", "empty.jsonl"], /empty\.jsonl/);
  });

  test("no valid row", async () => {
    await write("log.jsonl", '{"model":"m","problem":"c","n":10,"c":11}\n');
    await refused(["report", "log.jsonl"], /log\.jsonl: no valid row.*line 1, c/);
  });

  test("an unknown container", async () => {
    await write("image.png", Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]));
    await refused(["report", "image.png"], /image\.png/);
  });

  test("a truncated Parquet file", async () => {
    await write("cut.parquet", "PAR1garbage");
    await refused(["report", "cut.parquet"], /cut\.parquet/);
  });

  test("a truncated zip archive", async () => {
    await write("cut.eval", Uint8Array.from([0x50, 0x4b, 0x03, 0x04, 20, 0, 0, 0, 8, 0]));
    await refused(["report", "cut.eval"], /cut\.eval/);
  });

  test("contradictory counts", async () => {
    await write("log.jsonl", `${good}{"model":"m","problem":"a","n":10,"c":4}\n`);
    await refused(["passk", "log.jsonl"], /log\.jsonl/);
  });

  test("the same numbered draw with another verdict", async () => {
    await write("a.csv", "model,problem,draw,correct\nm,p,0,1\nm,p,1,0\n");
    await write("b.csv", "model,problem,draw,correct\nm,p,1,1\n");
    await refused(["passk", "a.csv", "b.csv", "--task", "t"], /already read with different content/);
  });

  test("k beyond the smallest n names the command that goes there", async () => {
    await write("log.jsonl", good);
    await refused(["passk", "log.jsonl", "--k", "11"], /measured up to k = 10; lmcov forecast/);
  });

  test("a scorer, a model or a verifier that does not exist", async () => {
    await write("log.jsonl", good);
    await refused(["passk", "log.jsonl", "--scorer", "x"], /the logs hold counts/);
    await refused(["passk", "log.jsonl", "--only", "x"], /no model has this in its name/);
    await refused(["passk", "log.jsonl", "--verify", "guess"], /guess/);
  });

  test("unknown options, commands and malformed values", async () => {
    await write("log.jsonl", good);
    await refused(["passk", "log.jsonl", "--frobnicate"], /unknown option/);
    await refused(["measure"], /unknown command/);
    await refused(["passk", "log.jsonl", "--k", "1,two"], /integers/);
    await refused(["passk", "log.jsonl", "--level", "95"], /between 0 and 1/);
    await refused(["passk", "log.jsonl", "--map", "colour=c"], /"colour" is not a role/);
  });

  test("an import of nothing usable leaves no part behind", async () => {
    await write("log.jsonl", '{"model":"m","problem":"c","n":10,"c":11}\n');
    const { code } = await lmcov(["import", "log.jsonl", "--out", "run"], { cwd: folder });
    expect(code).toBe(2);
    const parts = await readdir(join(folder, "run", "counts")).catch(() => []);
    expect(parts).toEqual([]);
  });

  test("hostile names reach the terminal as text", async () => {
    await write(
      "log.jsonl",
      `${JSON.stringify({ model: "m\u001b[31m\u202e", problem: "a", n: 10, c: 3 })}\n`,
    );
    const { code, stdout, stderr } = await lmcov(["report", "log.jsonl"], { cwd: folder });
    expect(code).toBe(0);
    expect(stdout + stderr).not.toMatch(/[\u001b\u202e]/);
  });
});

describe("help and version", () => {
  test("exit with 0 and show examples", async () => {
    const help = await lmcov(["--help"]);
    expect(help.code).toBe(0);
    for (const name of ["report", "passk", "forecast", "problems", "reward", "import", "formats"]) {
      expect(help.stdout).toContain(name);
      const own = await lmcov([name, "--help"]);
      expect(own.code).toBe(0);
      expect(own.stdout).toContain(`lmcov ${name}`);
    }
    expect((await lmcov(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

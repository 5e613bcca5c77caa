/** A tiny training on disk, and the command run on it until a moment. */
import { spawn } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { mainFile } from "./lmcov.ts";

/** Sums of two numbers: 120 to learn and 20 held out. */
export async function writeSums(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const lines = Array.from({ length: 140 }, (_, index) => {
    const [left, right] = [(index * 37) % 40, (index * 53) % 40];
    return JSON.stringify({
      id: `sum ${index}`,
      prompt: `${left}+${right}=`,
      response: String(left + right),
    });
  });
  await writeFile(join(folder, "train.jsonl"), `${lines.slice(0, 120).join("\n")}\n`);
  await writeFile(join(folder, "held-out.jsonl"), `${lines.slice(120).join("\n")}\n`);
}

export const tinyTraining = {
  model: { layers: 2, heads: 2, width: 16, context: 16 },
  tokenizer: "bytes",
  data: { file: "train.jsonl" },
  evaluation: { file: "held-out.jsonl", problem: "id" },
  rule: { name: "adam", learningRate: 0.003 },
  steps: 60,
  batch: 8,
  seed: 1,
  threads: 1,
  probes: { every: 20, passAt: { verifier: "exact", draws: 4, problems: 5, maxTokens: 4 } },
  checkpoints: { every: 20 },
  state: { steps: 7 },
};

/** Writes a changed configuration; a key set to undefined is left out. Returns its name within the folder. */
export async function writeTraining(
  folder: string,
  change: object = {},
  name = "train.yaml",
): Promise<string> {
  await writeFile(join(folder, name), stringify(JSON.parse(JSON.stringify({ ...tinyTraining, ...change }))));
  return name;
}

/** Runs the command and sends the signal once `moment` has come; resolves to the exit code or the signal that ended it. */
export async function disturbed(
  words: readonly string[],
  options: { readonly cwd: string; readonly signal: NodeJS.Signals; readonly moment: () => Promise<boolean> },
): Promise<{ readonly ended: number | string | null; readonly stderr: string }> {
  const child = spawn(process.execPath, [mainFile, ...words], {
    cwd: options.cwd,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  let running = true;
  const ended = new Promise<number | string | null>((resolve) =>
    child.on("close", (code, by) => {
      running = false;
      resolve(by ?? code);
    }),
  );
  while (running && !(await options.moment())) await sleep(2);
  child.kill(options.signal);
  return { ended: await ended, stderr };
}

/** Number of lines in a run's training journal. */
export async function journalLines(run: string): Promise<number> {
  const text = await readFile(join(run, "journal", "train.jsonl"), "utf8").catch(() => "");
  return text.split("\n").length - 1;
}

/** Every file under a folder with its content, by relative path. */
export async function filesOf(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = new Map<string, Buffer>();
  for (const entry of entries.filter((item) => item.isFile())) {
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(folder.length + 1), await readFile(path));
  }
  return files;
}

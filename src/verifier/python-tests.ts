/** Problems with Python tests, as HumanEval has them, and the program that a response makes of one. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { z } from "zod";
import { InputError } from "../record/index.ts";

const problemRow = z.looseObject({
  task_id: z.union([z.string(), z.int()]).transform(String),
  prompt: z.string().optional(),
  test: z.string(),
  /** The function that `check` is called with; without it, the test is run as it stands. */
  entry_point: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
    .optional(),
});
/** A problem with Python tests, in the fields of HumanEval. */
export type PythonProblem = z.infer<typeof problemRow>;

export interface PythonTests {
  /** By task_id, else by the prompt. */
  find(draw: { problem: string; prompt: string | undefined }): PythonProblem | undefined;
  readonly count: number;
}

/** Reads a .jsonl or .jsonl.gz file of problems; throws InputError with file and line if one cannot be used. */
export async function readPythonTests(path: string): Promise<PythonTests> {
  const byName = new Map<string, PythonProblem>();
  const byPrompt = new Map<string, PythonProblem>();
  const file = createReadStream(path);
  const failed = new Promise<never>((_, reject) => file.once("error", reject));
  const bytes = path.endsWith(".gz") ? file.pipe(createGunzip()) : file;
  const lines = createInterface({ input: bytes, crlfDelay: Number.POSITIVE_INFINITY });
  const read = async () => {
    let number = 0;
    for await (const line of lines) {
      number += 1;
      if (line.trim() === "") continue;
      const problem = parsedProblem(line, `${path}:${number}`);
      byName.set(problem.task_id, problem);
      if (problem.prompt !== undefined) byPrompt.set(problem.prompt.trim(), problem);
    }
  };
  await Promise.race([read(), failed]);
  if (byName.size === 0) throw new InputError(`${path}: holds no problem with tests`);
  return {
    count: byName.size,
    find: ({ problem, prompt }) =>
      byName.get(problem) ?? (prompt === undefined ? undefined : byPrompt.get(prompt.trim())),
  };
}

function parsedProblem(line: string, place: string): PythonProblem {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new InputError(`${place}: is not JSON`);
  }
  const parsed = problemRow.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new InputError(`${place}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "is not a problem"}`);
}

/**
 * The program to run: prompt, response, tests, and the call of `check`. A response in Markdown fences is the code
 * between the first pair of them.
 *
 * @example
 * pythonProgram({
 *   problem: { task_id: "1", test: "def check(f):\n    assert f() == 1", entry_point: "one" },
 *   prompt: "def one():\n",
 *   response: "    return 1",
 * }).split("\n").at(-1); // "check(one)"
 */
export function pythonProgram(given: {
  readonly problem: PythonProblem;
  readonly prompt: string | undefined;
  readonly response: string;
}): string {
  const { problem, response } = given;
  const fenced = /^[ \t]*```[ \t]*(?:python|py)?[ \t]*\r?\n([\s\S]*?)^[ \t]*```/im.exec(response)?.[1];
  // The log's own prompt may be a chat around the problem's.
  const prompt = problem.prompt ?? given.prompt ?? "";
  const code = fenced === undefined ? `${prompt}${response}` : completeCode(problem, fenced);
  const call = problem.entry_point === undefined ? "" : `\ncheck(${problem.entry_point})`;
  return `${code}\n${problem.test}${call}`;
}

/** Code that defines the function itself replaces the prompt from that function on; imports and helpers stay. */
function completeCode(problem: PythonProblem, code: string): string {
  const prompt = problem.prompt ?? "";
  const definition = new RegExp(`^(?:async )?def ${problem.entry_point}\\b`, "m");
  if (problem.entry_point === undefined || !definition.test(code)) return `${prompt}${code}`;
  const start = prompt.search(definition);
  return `${start < 0 ? "" : prompt.slice(0, start)}\n${code}`;
}

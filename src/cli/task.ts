/** `lmcov task`: problems of the paper's graph-reasoning tasks as JSON lines, with everything that is known of them. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Writable } from "node:stream";
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { type RandomGenerator, randomGenerator } from "../numeric/index.ts";
import { InputError } from "../record/index.ts";
import { countText, printable } from "../report/index.ts";
import { type GraphProblem, paperGraphSettings } from "../task/index.ts";
import { graphTaskNames, type WeightedTask, weightedGraphTask } from "./graph-task-options.ts";
import { positiveInteger } from "./log-options.ts";
import { jsonText, printRemark, printResult } from "./print.ts";
import { progressLine } from "./progress.ts";

interface TaskOptions {
  readonly count: number;
  readonly seed: string;
  readonly out?: string;
  readonly weights?: Readonly<Record<string, number>>;
  readonly middleLayers: number;
  readonly width: number;
  readonly names: number;
  readonly edgeOrder: string;
  readonly padded?: boolean;
  readonly taskSeed: string;
  readonly paths: number;
  readonly json?: boolean;
}

const examples = `
Examples:
  lmcov task graph-figure-1 --count 1000 --seed evaluation --out evaluation.jsonl
  lmcov task graph-figure-1 --count 512000 --weights G1=1,G2=1,G3=1 --out pre-training.jsonl
  lmcov task graph-figure-2 --count 1024 --weights G_H3=1 --middle-layers 24 --out rare.jsonl
  lmcov task graph-figure-1 --count 2 --middle-layers 4 --width 3 --names 24     two small problems, printed

A line has prompt, response (a draw of the data distribution), logProbability (its logarithm, in nats, given the class),
class, passable (the nodes of each layer that lead on), pathCount and paths (all valid ones). In a training's
configuration, data.file and evaluation.file read it, with evaluation.logProbability: logProbability.
What the tasks are: docs/graph-reasoning.md.`;

export function command(): Command {
  const { middleLayers, width, names, edgeOrder, seed } = paperGraphSettings;
  return new Command("task")
    .addArgument(new Argument("<task>", "which task").choices(graphTaskNames))
    .requiredOption("--count <number>", "problems to draw", positiveInteger)
    .option("--seed <key>", "names the stream that problems are drawn from: another seed, another set", "1")
    .option("--out <file>", "JSON lines to write (default: standard output)")
    .option(
      "--weights <list>",
      "weights of the classes, such as G1=0.9,G2=0.1 (default: the paper's)",
      weightList,
    )
    .option(
      "--middle-layers <number>",
      "layers between source and target (H in Figure 2)",
      positiveInteger,
      middleLayers,
    )
    .option("--width <number>", "nodes in a middle layer", positiveInteger, width)
    .option("--names <number>", "node names are drawn from 1 to this", positiveInteger, names)
    .addOption(
      new Option("--edge-order <order>", "whole list shuffled, or layer by layer and shuffled within")
        .choices(["shuffled", "layered"])
        .default(edgeOrder),
    )
    .option("--padded", "fill prompts on the left with _ to the longest one")
    .option("--task-seed <key>", "fixes the layers of Figure 1's hidden parity", seed)
    .option("--paths <number>", "leave the list of paths out where there are more", positiveInteger, 256)
    .option("--json", "say what was written as stable JSON on standard output; needs --out")
    .addHelpText("after", examples)
    .action(run);
}

async function run(name: string, options: TaskOptions): Promise<void> {
  const { weights, middleLayers, width, names, edgeOrder, padded = false, taskSeed, count, out } = options;
  if (options.json && out === undefined)
    throw new InputError("--json: needs --out, as the problems go there");
  const weighted = weightedGraphTask(name, {
    ...{ middleLayers, width, names, edgeOrder, padded, seed: taskSeed },
    ...(weights !== undefined && { weights }),
  });
  const lines = problemLines(weighted, {
    count,
    paths: options.paths,
    generator: randomGenerator(options.seed),
  });
  const classes =
    out === undefined ? await written(lines, process.stdout) : await writtenFile(lines, out, count);
  if (out === undefined) return;
  const { task } = weighted;
  const fields = {
    ...{ schema: "lmcov/task@1", task: name, out, problems: count, classes: Object.fromEntries(classes) },
    ...{ settings: task.settings, weights: weighted.weights, seed: options.seed },
    ...{ promptTokens: task.promptTokens, responseTokens: task.responseTokens },
    ...("hiddenLayers" in task && { hiddenLayers: task.hiddenLayers }),
  };
  if (options.json) {
    printResult(jsonText(fields));
    return;
  }
  const shares = [...classes].map(([label, drawn]) => `${label} ${countText(drawn)}`).join(", ");
  printRemark(
    `${countText(count)} problems (${shares}) → ${printable(out)}; up to ${task.promptTokens} + ${task.responseTokens} tokens, tokenizer numerals:${task.settings.names}`,
  );
}

/** One problem a line, each from a stream of its own: the first lines of a longer set are the shorter set. */
function* problemLines(
  { task, weights }: WeightedTask,
  given: { readonly count: number; readonly paths: number; readonly generator: RandomGenerator },
): Generator<{ readonly problem: GraphProblem; readonly line: string }> {
  for (let index = 0; index < given.count; index++) {
    const problem = task.sample(weights, given.generator.split(`problem ${index}`));
    const { graph, class: graphClass, ...text } = problem;
    const pathCount = graph.passable.reduce((product, { length }) => product * length, 1);
    const paths = pathCount <= given.paths ? { paths: task.paths(problem) } : {};
    const line = JSON.stringify({
      ...text,
      class: graphClass,
      passable: graph.passable,
      pathCount,
      ...paths,
    });
    yield { problem, line };
  }
}

async function writtenFile(
  lines: ReturnType<typeof problemLines>,
  out: string,
  count: number,
): Promise<Map<string, number>> {
  if ((await stat(out).catch(() => undefined))?.isDirectory()) {
    throw new InputError(`${out}: is a folder; --out names the file to write`);
  }
  const progress = progressLine({ title: "problems", total: count });
  await mkdir(dirname(out), { recursive: true });
  const stream = createWriteStream(`${out}.tmp`);
  await once(stream, "open").catch((error: Error) => {
    throw new InputError(`${out}: cannot be written: ${error.message}`);
  });
  const classes = await written(lines, stream, (done) => progress.update(done));
  stream.end();
  await once(stream, "close");
  await rename(`${out}.tmp`, out);
  progress.finish();
  return classes;
}

/** Writes the lines as fast as the stream takes them; how many problems of each class there were. */
async function written(
  lines: ReturnType<typeof problemLines>,
  stream: Writable,
  watch: (done: number) => void = () => {},
): Promise<Map<string, number>> {
  const classes = new Map<string, number>();
  let done = 0;
  for (const { problem, line } of lines) {
    classes.set(problem.class, (classes.get(problem.class) ?? 0) + 1);
    if (!stream.write(`${line}\n`)) await once(stream, "drain");
    watch(++done);
  }
  return classes;
}

function weightList(text: string): Record<string, number> {
  const weights = text.split(",").map((part): [string, number] => {
    const [name = "", value = "", ...rest] = part.split("=").map((word) => word.trim());
    const weight = value === "" ? Number.NaN : Number(value);
    if (name === "" || rest.length > 0 || !(weight >= 0)) {
      throw new InvalidArgumentError("a comma-separated list such as G1=0.9,G2=0.1.");
    }
    return [name, weight];
  });
  return Object.fromEntries(weights);
}

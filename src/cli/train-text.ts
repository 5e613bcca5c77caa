/** What a finished training says in the terminal. */
import { countText, listText, plural, printable, rateText } from "../report/index.ts";
import type { RunEnd } from "../train/index.ts";

export function trainedText(given: {
  readonly end: RunEnd;
  readonly folder: string;
  readonly tokens: number;
  /** The loss's name. */
  readonly loss: string;
  readonly tokensPerSecond: number | undefined;
}): string {
  const { end, tokens, tokensPerSecond } = given;
  const folder = printable(given.folder, 400);
  if (end.from === end.step) return `${folder}: its ${plural(end.step, "step")} are done already`;
  const speed = tokensPerSecond === undefined ? "" : `, ${countText(Math.round(tokensPerSecond))} tokens/s`;
  const lines = [
    `trained ${plural(end.step, "step")}, ${countText(tokens)} response tokens${speed}; last loss ${end.lastStep?.loss.toPrecision(4)} (${lossText(given.loss)})`,
  ];
  const probe = end.lastProbe?.summary;
  if (probe !== undefined) lines.push(...probeLines(probe as unknown as ProbeSummary));
  lines.push(`${plural(end.checkpoints.length, "checkpoint")} in ${folder}/checkpoints`);
  lines.push(end.lastProbe === undefined ? `→ ${folder}` : `→ lmcov report ${folder}`);
  return lines.join("\n");
}

const lossText = (name: string): string => {
  if (name === "sequence") return "nats a response";
  return name === "token" ? "nats a token" : name;
};

interface ProbeSummary {
  readonly responses: number;
  readonly crossEntropy: number;
  readonly crossEntropyPerToken: number;
  readonly kl?: number;
  readonly coverageKind: string;
  readonly coverage: readonly { readonly n: number; readonly coverage: number }[];
  readonly passAtK?: readonly { readonly k: number; readonly estimate: number }[];
}

function probeLines(probe: ProbeSummary): string[] {
  const kl = probe.kl === undefined ? "" : `, KL ${probe.kl.toPrecision(3)}`;
  const name = probe.coverageKind === "reference" ? "Cov_N" : "P[model ≤ 1/N], which Cov_N is at most";
  const points = probe.coverage.map(({ n, coverage }) => `${rateText(coverage)} at ${n}`);
  const lines = [
    `held out: cross-entropy ${probe.crossEntropy.toPrecision(4)} nats a response (${probe.crossEntropyPerToken.toPrecision(3)} a token)${kl}`,
    `  ${name}: ${listText(points, 8)}`,
  ];
  if (probe.passAtK !== undefined) {
    lines.push(
      `  pass@k: ${listText(
        probe.passAtK.map(({ k, estimate }) => `${rateText(estimate)} at ${k}`),
        9,
      )}`,
    );
  }
  return lines;
}

/** The commands by name; each file is loaded only when its command is asked for, so that `--help` stays quick. */
import type { Command } from "commander";

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ command: () => Command }>;
}

export const commandEntries: readonly CommandEntry[] = [
  {
    name: "report",
    summary: "what these logs say: which model, how many samples, what cannot be known",
    load: () => import("./report.ts"),
  },
  {
    name: "plot",
    summary: "one chart of the report as SVG or PNG, sized for papers",
    load: () => import("./plot.ts"),
  },
  {
    name: "passk",
    summary: "pass@k for k up to the draws taken, with intervals",
    load: () => import("./passk.ts"),
  },
  {
    name: "forecast",
    summary: "pass@k beyond the draws taken, samples needed for a target",
    load: () => import("./forecast.ts"),
  },
  {
    name: "problems",
    summary: "per-problem counts, intervals, marginal gain, uncovered problems",
    load: () => import("./problems.ts"),
  },
  {
    name: "reward",
    summary: "Best-of-N under a reward: proxy and gold curves, majority vote",
    load: () => import("./reward.ts"),
  },
  {
    name: "profile",
    summary: "coverage profile from log-probabilities of responses",
    load: () => import("./profile.ts"),
  },
  {
    name: "select",
    summary: "which checkpoint to take on, by tournament and by cross-entropy",
    load: () => import("./select.ts"),
  },
  {
    name: "bounds",
    summary: "the paper's bounds beside what was measured, from responses of a teacher",
    load: () => import("./bounds.ts"),
  },
  {
    name: "mixture",
    summary: "the best mixture of checkpoints, its certificate and held-out value",
    load: () => import("./mixture.ts"),
  },
  {
    name: "score",
    summary: "log-probabilities of given responses under models: servers, files, folders",
    load: () => import("./score.ts"),
  },
  {
    name: "sample",
    summary: "draws from models (servers, files, folders), with log-probabilities and verdicts",
    load: () => import("./sample.ts"),
  },
  {
    name: "doctor",
    summary: "what a server or a model here can do, and whether its numbers can be trusted",
    load: () => import("./doctor.ts"),
  },
  {
    name: "plan",
    summary: "where to spend the next draws: how many more, on which problems or checkpoints",
    load: () => import("./plan.ts"),
  },
  {
    name: "worker",
    summary: "do the units that sample or score queued, on as many machines as there are",
    load: () => import("./worker.ts"),
  },
  {
    name: "import",
    summary: "write logs into a run folder that every command reads",
    load: () => import("./import.ts"),
  },
  {
    name: "train",
    summary: "train a model by a configuration, with coverage probes, into a run folder",
    load: () => import("./train.ts"),
  },
  {
    name: "theory",
    summary: "the paper's claims as instances that run, measured beside predicted",
    load: () => import("./theory.ts"),
  },
  {
    name: "task",
    summary: "problems of the paper's graph-reasoning tasks, with their exact data distribution",
    load: () => import("./task.ts"),
  },
  {
    name: "verify",
    summary: "verdicts and rewards on saved responses: tests in a sandbox, commands, reward servers",
    load: () => import("./verify.ts"),
  },
  {
    name: "generate",
    summary: "draw from checkpoints, with log-probabilities and verdicts, also under test-time training",
    load: () => import("./generate.ts"),
  },
  {
    name: "score-with",
    summary: "log-probabilities of given responses under checkpoints",
    load: () => import("./score-with.ts"),
  },
  {
    name: "serve",
    summary: "the report's page on this machine, live while runs are written; two runs compared",
    load: () => import("./serve.ts"),
  },
  {
    name: "serve-model",
    summary: "a checkpoint as an OpenAI-compatible completions server on this machine",
    load: () => import("./serve-model.ts"),
  },
  {
    name: "checkpoint",
    summary: "what is in a checkpoint: sizes, tensors, tokenizer",
    load: () => import("./checkpoint.ts"),
  },
  {
    name: "export",
    summary: "a checkpoint as a GGUF file for llama.cpp, or as a plain folder for transformers",
    load: () => import("./export.ts"),
  },
  {
    name: "reproduce",
    summary: "a figure of the paper from nothing: trains, scores, draws, beside what the paper reports",
    load: () => import("./reproduce.ts"),
  },
  { name: "formats", summary: "log formats that are recognised", load: () => import("./formats.ts") },
];

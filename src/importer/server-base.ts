/** What the rows of an exchange have in common: the model, the problem and how it was drawn. */
import type { RowBase, SamplingSettings } from "../record/index.ts";
import {
  modelNameOf,
  nameOf,
  noteUnusedName,
  promptHashOf,
  type SharedSampling,
  sharedSampling,
  stemOf,
} from "./draws.ts";
import type { ImportContext } from "./importer.ts";
import { asRecord, fieldOf, type JsonRecord } from "./json-text.ts";
import type { ServerPart } from "./server-part.ts";
import type { ServerExchange } from "./server-request.ts";

const problemNames = ["problem", "problem_id", "task_id", "doc_id", "question_id", "prompt_id", "native_id"];
/** Names the model, the task and the problem of each part of a dump, and says once what it found of them. */
export class ExchangeBases {
  readonly #path: string;
  readonly #context: ImportContext;
  readonly #drawSet: string;
  readonly #samplings = new Map<string, SharedSampling>();
  readonly #noted = new Set<string>();

  constructor(input: { path: string; context: ImportContext; drawSet: string }) {
    this.#path = input.path;
    this.#context = input.context;
    this.#drawSet = input.drawSet;
  }

  of(input: {
    exchange: ServerExchange;
    settings: SamplingSettings;
    part: ServerPart;
    line: number;
  }): RowBase {
    const { exchange, part, line } = input;
    const { options } = this.#context;
    const { request, response, wrapper } = exchange;
    const held =
      nameOf(fieldOf(response, "model")) ??
      nameOf(fieldOf(request, "model")) ??
      nameOf(fieldOf(asRecord(fieldOf(response, "generation_settings")), "model"));
    this.#noteModel(held);
    const task = options.task ?? nameOf(fieldOf(wrapper, "task")) ?? stemOf(this.#path);
    const prompt = part.whole ? part.text : part.prompt;
    const names = wrapper === response ? [] : problemNames.map((name) => nameOf(fieldOf(wrapper, name)));
    const named = names.find((name) => name !== undefined) ?? this.#customName(wrapper, prompt);
    if (named === undefined && prompt === undefined) {
      this.note(
        "the requests are not in the dump: answers on different lines are taken as answers to different prompts",
      );
    }
    const problem =
      named ??
      (prompt === undefined ? `${this.#drawSet}:${line}` : promptHashOf({ prompt, task, problem: "" }));
    // Draws depend on how they were drawn; a given text does not.
    const sampling = this.#sampling(part.kind === "given" ? {} : input.settings);
    return {
      model: held ?? modelNameOf(options, this.#path),
      ...stepOf(wrapper, response),
      task,
      problem,
      promptHash: promptHashOf({ prompt, task, problem }),
      ...sampling,
      source: { file: this.#path, line },
    };
  }

  /** A batch's `custom_id` names a request, not a problem: it serves where there is no prompt. */
  #customName(wrapper: JsonRecord, prompt: string | undefined): string | undefined {
    return prompt === undefined ? nameOf(fieldOf(wrapper, "custom_id")) : undefined;
  }

  #sampling(settings: SamplingSettings): SharedSampling {
    const key = JSON.stringify(settings);
    let sampling = this.#samplings.get(key);
    if (sampling === undefined) {
      sampling = sharedSampling(settings);
      this.#samplings.set(key, sampling);
    }
    return sampling;
  }

  #noteModel(held: string | undefined): void {
    if (held === undefined || this.#noted.has("model")) return;
    this.#noted.add("model");
    const given = this.#context.options.model;
    noteUnusedName(this.#context, { path: this.#path, what: "model", given, held });
  }

  /** Says a thing of this file once. */
  note(message: string): void {
    if (this.#noted.has(message)) return;
    this.#noted.add(message);
    this.#context.note(`${this.#path}: ${message}`);
  }
}

function stepOf(wrapper: JsonRecord, response: JsonRecord): { step?: number } {
  const step = wrapper === response ? undefined : fieldOf(wrapper, "step");
  return typeof step === "number" && Number.isFinite(step) && step >= 0 ? { step } : {};
}

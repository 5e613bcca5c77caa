/** What a task of the queue must be before a worker does it: every field that is read is checked, whoever wrote it there. */
import { z } from "zod";
import { serverKinds } from "../endpoint/index.ts";
import { samplingSchema } from "../record/index.ts";

const text = z.string();
const count = z.int().nonnegative();
const hash = z.string().regex(/^[0-9a-f]{16}$/);
const tokens = z.array(count);
const source = z.looseObject({ file: text, line: count.optional(), member: text.optional() });

const spec = z.looseObject({
  name: text,
  place: text,
  remoteModel: text.optional(),
  step: z.number().nonnegative().optional(),
});

const asking = z.looseObject({
  kind: z.enum(serverKinds).optional(),
  route: z.enum(["grammar", "steps", "vocabulary"]).optional(),
  timeout: z.number().positive(),
});

const promptRecord = {
  id: text,
  task: text,
  problem: text,
  promptHash: hash,
  prompt: z.union([
    z.looseObject({ text }),
    z.looseObject({ messages: z.array(z.looseObject({ role: text, content: text })) }),
    z.looseObject({ tokens }),
  ]),
  target: text.optional(),
  source,
};

const settings = z.looseObject({
  temperature: z.number().nonnegative(),
  maxTokens: z.int().positive(),
  topP: z.number().optional(),
  topK: z.number().optional(),
  minP: z.number().optional(),
  stop: z.array(text).optional(),
});

const sampled = { sampling: samplingSchema, samplingHash: hash };

/** The zod schema of `SampleTask` and `ScoreTask`. */
export const taskSchema = z.discriminatedUnion("kind", [
  z.looseObject({
    kind: z.literal("sample"),
    spec,
    asking,
    settings,
    verify: text.optional(),
    record: z.looseObject(promptRecord),
    base: z.looseObject({
      model: text,
      step: z.number().nonnegative().optional(),
      task: text,
      problem: text,
      promptHash: hash,
      source,
      ...sampled,
    }),
    drawSet: text,
    draw: count,
    seed: count,
  }),
  z.looseObject({
    kind: z.literal("score"),
    spec,
    asking,
    record: z.looseObject({
      ...promptRecord,
      response: z.union([text, tokens]),
      role: z.enum(["data", "draw", "choice"]),
      drawnBy: text.optional(),
      drawSet: text,
      draw: count,
      ...sampled,
    }),
  }),
]);

/** What a checkpoint's training.json says about how it was trained, as far as using the checkpoint depends on it. */
import { z } from "zod";
import { UnusableCheckpointError } from "./checkpoint-error.ts";

const schema = z.object({
  name: z.string().min(1).optional(),
  rule: z
    .object({
      name: z.string(),
      momentum: z.number().optional(),
      weightDecay: z.number().optional(),
      radius: z.number().optional(),
    })
    .optional(),
  /** The step size of the checkpoint's last step; 0 where a schedule ended there. */
  learningRate: z.number().nonnegative().optional(),
  endOfSequence: z.boolean().optional(),
});

/** The fields of training.json that using a checkpoint depends on. */
export type TrainingRecord = z.infer<typeof schema>;

/**
 * The record in a parsed training.json; empty where there is none. Fields of other programs are left out.
 *
 * @throws UnusableCheckpointError naming the file and the field that holds something else than it should: what the training
 * did, such as leaving the end of sequence out, would be unknown, and scores silently others.
 * @example
 * trainingRecord({ name: "sums", endOfSequence: false }, "sums/training.json").endOfSequence; // false
 * trainingRecord(undefined, "sums/training.json"); // {}
 * trainingRecord({ endOfSequence: "no" }, "sums/training.json"); // throws InputError: sums/training.json: endOfSequence: …
 */
export function trainingRecord(value: unknown, place: string): TrainingRecord {
  if (value === undefined) return {};
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join(".");
  throw new UnusableCheckpointError(`${place}: ${field ? `${field}: ` : ""}${issue?.message}`);
}

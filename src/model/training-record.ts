/** What a checkpoint's training.json says about how it was trained, as far as using the checkpoint depends on it. */
import { z } from "zod";

const schema = z.object({
  name: z.string().min(1).optional(),
  rule: z.object({ name: z.string(), momentum: z.number().optional() }).optional(),
  /** The step size of the checkpoint's last step. */
  learningRate: z.number().positive().optional(),
  endOfSequence: z.boolean().optional(),
});

/** The fields of training.json that using a checkpoint depends on. */
export type TrainingRecord = z.infer<typeof schema>;

/**
 * The record in a parsed training.json; empty where there is none, or another program's.
 *
 * @example
 * trainingRecord({ name: "sums", endOfSequence: false }).endOfSequence; // false
 * trainingRecord(undefined); // {}
 */
export function trainingRecord(value: unknown): TrainingRecord {
  return schema.safeParse(value).data ?? {};
}

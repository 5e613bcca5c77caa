/** Training: examples to batches, update rules, the loop, its state and checkpoints. */
export {
  type Batch,
  batchOf,
  bucketLengths,
  bucketOf,
  type EncodedExample,
  type EncodingOptions,
  encodedExample,
} from "./batch.ts";
export {
  type CheckpointRule,
  checkpointName,
  checkpointSteps,
  keptCheckpoints,
} from "./checkpoint-policy.ts";
export { type TrainingConfig, trainingConfig } from "./config.ts";
export {
  type Example,
  type ExampleGenerator,
  type ExampleSource,
  fixedSamples,
  freshSamples,
  shuffledEpochs,
} from "./data.ts";
export {
  stepDivergence,
  stepDivergenceLowerBound,
  type TeacherForm,
  teacherInput,
  truncatedLoss,
  truncationWeights,
} from "./distillation.ts";
export {
  modelTeacher,
  savedTeacher,
  type Teacher,
  type TeacherTokens,
  wholeTeacher,
} from "./distillation-teacher.ts";
export { type JournalLine, readTrainingJournal, type StepLine, TrainingJournal } from "./journal.ts";
export { sequenceLoss } from "./loss.ts";
export { lossByName, lossNames, lossOptions, type NamedLoss, type TeacherSource } from "./loss-by-name.ts";
export { dcoLoss } from "./loss-dco.ts";
export { l2Ball, type Projection } from "./projection.ts";
export * from "./rules/index.ts";
export {
  checkpointFolder,
  type Probe,
  type RunEnd,
  type RunOptions,
  runTraining,
  stateFolder,
} from "./run.ts";
export { type ScheduleName, type ScheduleOptions, scheduleFactor } from "./schedule.ts";
export { type ResponseScorer, type ResponseScores, responseScorer } from "./score.ts";
export { loadState, saveState, type TrainingState } from "./state.ts";
export type { Loss } from "./step-graph.ts";
export {
  type LinearTraining,
  largestSgdStepSize,
  maximumLikelihoodRate,
  normalizedLambda,
  normalizedRate,
  normalizedStepSize,
  sgdRate,
  tokenLevelRate,
  tokenLevelStepSize,
  truncatedRate,
  truncatedStepSize,
} from "./step-size.ts";
export { type Trainer, type TrainerOptions, trainer } from "./trainer.ts";
export { DivergedError, UnusableTrainingError } from "./training-error.ts";
export type { UpdateRule } from "./update-rule.ts";

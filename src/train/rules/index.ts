/** Update rules: pieces, chains of them, and the named rules. */
export { type AdamOptions, type AdamRuleOptions, adam, adamDirection, adamW } from "./adam.ts";
export {
  hiddenMatrices,
  type MuonOptions,
  muon,
  newtonSchulzCoefficients,
  orthogonalized,
} from "./muon.ts";
export { globalNorm, type StepNorms, stepNorms } from "./norms.ts";
export type { GivenOptions, Option, Options } from "./option.ts";
export {
  chain,
  choice,
  composedRule,
  type Piece,
  type PieceInput,
  type PieceOutput,
  type StateShapes,
  statelessPiece,
} from "./piece.ts";
export {
  allTensors,
  clipByGlobalNorm,
  matrices,
  momentum,
  normalizeByGlobalNorm,
  scaleBy,
  signOfDirection,
  type TensorChoice,
  weightDecay,
} from "./pieces.ts";
export { type NamedRule, ruleByName, ruleNames, ruleOptions } from "./rule-by-name.ts";
export { normalizedSgd, type SgdOptions, sgd, signSgd } from "./sgd.ts";
export { tokenSteps } from "./token-steps.ts";

/** Request fields of llama.cpp's server: its samplers switched off, and what makes its log-probabilities raw. */

/** Every sampler of the server that changes the distribution, off; `samplers` leaves the rest out of the chain. */
export const switchedOff = {
  top_k: 0,
  top_p: 1,
  min_p: 0,
  typical_p: 1,
  top_n_sigma: -1,
  xtc_probability: 0,
  dynatemp_range: 0,
  repeat_penalty: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  dry_multiplier: 0,
  mirostat: 0,
  ignore_eos: false,
  logit_bias: [],
  grammar: "",
} as const;

/** What makes log-probabilities the model's own and a repeated prompt cheap. */
export const rawScores = {
  ...switchedOff,
  temperature: 1,
  samplers: ["temperature"],
  n_probs: 1,
  post_sampling_probs: false,
  cache_prompt: true,
} as const;

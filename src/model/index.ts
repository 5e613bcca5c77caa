export type { LanguageModel } from "./language-model.ts";

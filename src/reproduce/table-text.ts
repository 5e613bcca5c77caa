/** Numbers and columns of the figures' tables. */
import type { TableColumn } from "../report/index.ts";
import type { SeedMean } from "./trend.ts";

export const textColumn = (key: string, title: string): TableColumn => ({ key, title, kind: "text" });
export const countColumn = (key: string, title: string): TableColumn => ({ key, title, kind: "count" });
export const rateColumn = (key: string, title: string): TableColumn => ({ key, title, kind: "rate" });

export const fixedText = (value: number, digits: number): string =>
  `${value < 0 ? "−" : ""}${Math.abs(value).toFixed(digits)}`;

export const intervalText = (
  { estimate, lower, upper }: Pick<SeedMean, "estimate" | "lower" | "upper">,
  digits: number,
): string => `${fixedText(estimate, digits)} [${fixedText(lower, digits)}, ${fixedText(upper, digits)}]`;

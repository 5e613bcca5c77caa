/** Okabe and Ito's colours, told apart by people who do not see all colours, on white and on black. */
export const palette = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"] as const;

/** Series that get a colour and a name; more than this stay in the background. */
export const colouredSeries = palette.length;

/** Colours of the series that have a name, by label: their own, else the palette's in its order. */
export function seriesColours(
  series: readonly { readonly label: string; readonly emphasised?: boolean; readonly colour?: number }[],
): ReadonlyMap<string, string> {
  const named = series.filter(({ emphasised = true }) => emphasised).slice(0, colouredSeries);
  return new Map(named.map(({ label, colour }, index) => [label, palette[colour ?? index] ?? palette[0]]));
}

/** Of entries from the best down, those that get a colour and a name: all where there are few, else the first and the last. */
export function namedAmong<Entry>(ranked: readonly Entry[]): Set<Entry> {
  if (ranked.length <= colouredSeries) return new Set(ranked);
  return new Set([...ranked.slice(0, 4), ...ranked.slice(-1)]);
}

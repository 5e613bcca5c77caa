/** Okabe and Ito's colours, told apart by people who do not see all colours, on white and on black. */
export const palette = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"] as const;

/** Series that get a colour and a name; more than this stay in the background. */
export const colouredSeries = palette.length;

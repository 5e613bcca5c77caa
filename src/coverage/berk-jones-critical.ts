/** Critical values κ of the Berk–Jones statistic sup_t n·kl(F̂(t)‖F(t)). */

const sizes = [20, 50, 100, 200, 500, 1000, 2000, 5000, 20_000, 100_000];
const values = [4.96, 5.21, 5.38, 5.55, 5.62, 5.74, 5.82, 6.06, 6.26, 6.27];

export function berkJonesCritical(input: { readonly trials: number; readonly level: number }): number {
  const { trials } = input;
  if (!(trials > 0)) throw new RangeError(`trials is ${trials}: must be positive`);
  let index = sizes.findIndex((size) => size >= trials);
  if (index === 0) return values[0]!;
  if (index < 0) index = sizes.length - 1;
  const fraction = Math.log(trials / sizes[index - 1]!) / Math.log(sizes[index]! / sizes[index - 1]!);
  return values[index - 1]! + Math.min(1, fraction) * (values[index]! - values[index - 1]!);
}

/** maj@N: draw N responses and keep the answer that most of them give. */
import { compensatedSum, type RandomGenerator } from "../numeric/index.ts";
import { checkLevel, kornGraubard } from "./interval.ts";

/** The draws of one problem: the final answer of each (undefined: none was found) and whether it is correct. */
export interface AnsweredDraws {
  readonly answers: readonly (string | undefined)[];
  readonly correct: readonly boolean[];
}

/** How often the majority of N draws is right, made by `majorityVote`. */
export interface MajorityEstimate {
  readonly n: number;
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
  /** Standard error of the subsampling alone; 0 where every problem was computed exactly. */
  readonly samplingError: number;
  readonly problems: number;
  /** Draws of all problems together. */
  readonly draws: number;
}

/** Options of `majorityVote`. */
export interface MajorityOptions {
  readonly generator: RandomGenerator;
  /** Confidence level, 0.95 where absent. */
  readonly level?: number;
  /** N-subsets drawn of each problem that is too large to be exact: 1000 where absent, down to 100 of more than 200 problems. */
  readonly subsamples?: number;
}

/** Steps of the exact computation, n·N²·log N at worst, up to which it is used: of one problem, and of all together. */
const exactSteps = 5e6;
const allExactSteps = 1e8;

/**
 * The probability, over N-subsets of a problem's draws, that the most frequent answer is correct; mean over problems,
 * with a Korn–Graubard interval (a problem is a cluster of ⌊n/N⌋ disjoint groups of N draws).
 *
 * Ties are broken evenly: the share of correct ones among the tied answers counts. A draw without an answer does not
 * vote, and a subset without any answer is wrong. Where equal answers were judged differently, the answer counts with
 * the share of its draws that are marked correct. The subset probabilities are exact (counts of answers are
 * multivariate hypergeometric) up to n·N²·log N of 5·10⁶ a problem and of 10⁸ over all; above, seeded subsets
 * without replacement, with the standard error that this adds.
 *
 * @throws RangeError for no problems, unequal lengths, or an N above the fewest draws of any problem.
 * @example
 * majorityVote([{ answers: ["4", "4", "5"], correct: [true, true, false] }], [1, 3], {
 *   generator: randomGenerator("seed 1"),
 * }).map(({ estimate }) => estimate); // [0.666…, 1]
 */
export function majorityVote(
  problems: readonly AnsweredDraws[],
  ns: readonly number[],
  options: MajorityOptions,
): MajorityEstimate[] {
  const { generator, level = 0.95 } = options;
  // The error falls with the number of problems, too.
  const usual = Math.max(100, Math.min(1000, Math.ceil(2e5 / Math.max(1, problems.length))));
  const { subsamples = usual } = options;
  checkLevel(level);
  checkProblems(problems, ns);
  if (!Number.isSafeInteger(subsamples) || subsamples < 2) {
    throw new RangeError(`subsamples is ${subsamples}: must be an integer of at least 2`);
  }
  const ballots = problems.map(ballotOf);
  const draws = problems.reduce((sum, { answers }) => sum + answers.length, 0);
  const mostSteps = Math.min(exactSteps, allExactSteps / problems.length);
  return ns.map((n) => {
    const results = ballots.map((ballot, index) => {
      if (ballot.draws * n * n * (1 + Math.log(n)) <= mostSteps || n === ballot.draws) {
        return { value: n === ballot.draws ? wholeVote(ballot) : exactVote(ballot, n), variance: 0 };
      }
      return sampledVote({ ballot, n, subsamples, generator: generator.split(`problem ${index}, N = ${n}`) });
    });
    const means = Float64Array.from(results, ({ value }) => Math.min(1, value));
    const sizes = Float64Array.from(ballots, (ballot) => Math.floor(ballot.draws / n));
    const { estimate, lower, upper } = kornGraubard({ means, sizes, level });
    const samplingError =
      Math.sqrt(compensatedSum(results.map(({ variance }) => variance))) / problems.length;
    return { n, estimate, lower, upper, samplingError, problems: problems.length, draws };
  });
}

/** How many draws give each answer and which share of them is correct; `silent` draws give none. */
interface Ballot {
  readonly votes: readonly { readonly draws: number; readonly correct: number }[];
  readonly silent: number;
  readonly draws: number;
}

function ballotOf({ answers, correct }: AnsweredDraws): Ballot {
  const groups = new Map<string, { draws: number; right: number }>();
  let silent = 0;
  answers.forEach((answer, index) => {
    if (answer === undefined) {
      silent++;
      return;
    }
    const group = groups.get(answer) ?? { draws: 0, right: 0 };
    groups.set(answer, group);
    group.draws++;
    if (correct[index]) group.right++;
  });
  const votes = [...groups.values()].map(({ draws, right }) => ({ draws, correct: right / draws }));
  // A fixed order: the result must not depend on the order of draws, not even in its last digit.
  votes.sort((left, right) => right.draws - left.draws || right.correct - left.correct);
  return { votes, silent, draws: answers.length };
}

function wholeVote({ votes }: Ballot): number {
  const most = votes[0]?.draws;
  const tied = votes.filter(({ draws }) => draws === most);
  return tied.length === 0 ? 0 : tied.reduce((sum, { correct }) => sum + correct, 0) / tied.length;
}

/**
 * Sums over the winning count c. Answers with fewer than c draws cannot reach it: together with silent draws they fill
 * a subset in any way (Vandermonde). The others go through a table of (draws taken, answers tied at c) → (number of
 * ways, number of ways times the sum of `correct` over the tied).
 */
function exactVote(ballot: Ballot, n: number): number {
  const { votes, silent, draws } = ballot;
  let sum = 0;
  for (let count = 1; count <= Math.min(n, votes[0]?.draws ?? 0); count++) {
    const able = votes.filter((vote) => vote.draws >= count);
    const mostTied = Math.min(able.length, Math.floor(n / count));
    const width = mostTied + 1;
    let ways = new Float64Array((n + 1) * width);
    let right = new Float64Array((n + 1) * width);
    ways[0] = 1;
    for (const vote of able) {
      const nextWays = new Float64Array(ways.length);
      const nextRight = new Float64Array(ways.length);
      const choices = binomials(vote.draws, count);
      for (let taken = 0; taken <= n; taken++) {
        for (let tied = 0; tied <= mostTied; tied++) {
          const way = ways[taken * width + tied]!;
          if (way === 0) continue;
          const sofar = right[taken * width + tied]!;
          for (let more = 0; more < count && taken + more <= n; more++) {
            nextWays[(taken + more) * width + tied]! += way * choices[more]!;
            nextRight[(taken + more) * width + tied]! += sofar * choices[more]!;
          }
          if (tied === mostTied || taken + count > n) continue;
          const place = (taken + count) * width + tied + 1;
          nextWays[place]! += way * choices[count]!;
          nextRight[place]! += (sofar + way * vote.correct) * choices[count]!;
        }
      }
      ways = nextWays;
      right = nextRight;
    }
    const others = silent + votes.reduce((rest, vote) => rest + (vote.draws < count ? vote.draws : 0), 0);
    const fill = binomials(others, n);
    for (let taken = 0; taken <= n; taken++) {
      for (let tied = 1; tied <= mostTied; tied++) {
        sum += (right[taken * width + tied]! / tied) * fill[n - taken]!;
      }
    }
  }
  return sum / binomials(draws, n)[n]!;
}

/** C(size, 0) … C(size, most); 0 above the size. */
function binomials(size: number, most: number): Float64Array {
  const row = new Float64Array(most + 1);
  row[0] = 1;
  for (let index = 1; index <= Math.min(most, size); index++) {
    row[index] = (row[index - 1]! * (size - index + 1)) / index;
  }
  return row;
}

function sampledVote(input: {
  readonly ballot: Ballot;
  readonly n: number;
  readonly subsamples: number;
  readonly generator: RandomGenerator;
}): { readonly value: number; readonly variance: number } {
  const { ballot, n, subsamples, generator } = input;
  const silentLabel = ballot.votes.length;
  const labels = new Int32Array(ballot.draws).fill(silentLabel);
  let position = 0;
  ballot.votes.forEach((vote, label) => {
    labels.fill(label, position, position + vote.draws);
    position += vote.draws;
  });
  const counts = new Int32Array(silentLabel + 1);
  const values = new Float64Array(subsamples);
  for (let sample = 0; sample < subsamples; sample++) {
    counts.fill(0);
    // The first n places of a Fisher–Yates shuffle, continued from the last sample's order.
    for (let place = 0; place < n; place++) {
      const other = place + generator.integer(ballot.draws - place);
      const label = labels[other]!;
      labels[other] = labels[place]!;
      labels[place] = label;
      counts[label]!++;
    }
    let most = 0;
    let tied = 0;
    let right = 0;
    for (let label = 0; label < silentLabel; label++) {
      const count = counts[label]!;
      if (count === 0 || count < most) continue;
      if (count > most) {
        most = count;
        tied = 0;
        right = 0;
      }
      tied++;
      right += ballot.votes[label]!.correct;
    }
    values[sample] = tied === 0 ? 0 : right / tied;
  }
  const value = compensatedSum(values) / subsamples;
  const squares = compensatedSum(values.map((one) => (one - value) ** 2));
  return { value, variance: squares / (subsamples - 1) / subsamples };
}

function checkProblems(problems: readonly AnsweredDraws[], ns: readonly number[]): void {
  if (problems.length === 0) throw new RangeError("problems is empty: must hold at least one problem");
  let limit = Number.POSITIVE_INFINITY;
  problems.forEach(({ answers, correct }, index) => {
    if (correct.length !== answers.length) {
      throw new RangeError(
        `problems[${index}].correct has length ${correct.length}: must have the length of answers, ${answers.length}`,
      );
    }
    limit = Math.min(limit, answers.length);
  });
  for (const n of ns) {
    if (!Number.isSafeInteger(n) || n < 1)
      throw new RangeError(`n is ${n}: must be an integer of at least 1`);
    if (n > limit)
      throw new RangeError(`n is ${n}: must be at most ${limit}, the fewest draws of any problem`);
  }
}

/** lighteval details: draws and their metrics, log-likelihood choices, names from the folders. */
import { afterAll, describe, expect, test } from "vitest";
import { reading, testFolder } from "./reading.ts";
import { lightevalSql, parquetOf } from "./small-inputs.ts";

const folder = testFolder();
afterAll(() => folder.remove());
let runs = 0;

async function details(sql: string): Promise<string> {
  runs += 1;
  const path = folder.write(
    `run${runs}/details/org/model/2026-01-01T00-00-00.000/details_small_2026-01-01T00-00-00.000.parquet`,
    "",
  );
  await parquetOf(sql, path);
  return path;
}
const doc = (change = "") =>
  `{'query': 'Q', 'choices': ['4', '5'], 'gold_index': [0], 'id': i::VARCHAR${change}} AS doc`;
const response = (texts: string, logprobs: string) =>
  `{'text': ${texts}, 'logprobs': ${logprobs}, 'output_tokens': [[1], [2, 3]]} AS model_response`;

describe("lighteval", () => {
  test("one text is one draw that the metrics judge, with the gold choice as its target", async () => {
    const { importer, outcomes, responses, likelihoods } = await reading(
      await details(
        `SELECT ${doc()}, ${response("['It is ' || i]", "[]::DOUBLE[]")}, {'em': (i = 1)::INT, 'f1': i / 2, 'ppl': 12.5 * (i + 1)} AS metric FROM range(2) t(i)`,
      ),
      { texts: true },
    );
    expect(importer).toBe("lighteval");
    expect(likelihoods).toEqual([]);
    expect(
      outcomes.map(({ problem, verifier, verdict, score }) => [problem, verifier, verdict, score]),
    ).toEqual([
      ["0", "em", "incorrect", undefined],
      ["0", "f1", "incorrect", undefined],
      ["0", "ppl", "unscored", 12.5],
      ["1", "em", "correct", undefined],
      ["1", "f1", "incorrect", 0.5],
      ["1", "ppl", "unscored", 25],
    ]);
    expect(outcomes[0]).toMatchObject({ model: "org/model", task: "small" });
    expect(responses).toMatchObject([
      { text: "It is 0", target: "4", prompt: "Q", draw: 0 },
      { text: "It is 1" },
    ]);
  });

  test("several texts are draws that the document's metric does not judge", async () => {
    const path = await details(
      `SELECT ${doc()}, ${response("['4', '5']", "[]::DOUBLE[]")}, {'pass@k': 0.5} AS metric FROM range(1) t(i)`,
    );
    const { outcomes, responses, notes } = await reading(path, { texts: true });
    expect(outcomes.map(({ draw, verdict, reason }) => [draw, verdict, reason])).toEqual(
      [0, 1].map((draw) => [
        draw,
        "unscored",
        "lighteval keeps only the document's metric: re-score with --verify",
      ]),
    );
    expect(responses.map(({ text, tokenCount }) => [text, tokenCount])).toEqual([
      ["4", 1],
      ["5", 2],
    ]);
    expect(notes.join()).toContain("re-score with --verify");
    expect((await reading(path)).outcomes).toEqual(outcomes);
  });

  test("of scored choices the gold ones are data and the others choices", async () => {
    const { likelihoods, outcomes, responses } = await reading(await details(lightevalSql), { texts: true });
    expect(
      likelihoods.map(({ problem, role, draw, logProbability, tokenCount }) => [
        problem,
        role,
        draw,
        logProbability,
        tokenCount,
      ]),
    ).toEqual([
      ["1", "choice", 0, -1.5, 1],
      ["1", "data", 0, -0.25, 2],
      ["2", "data", 0, -1.5, 1],
      ["2", "choice", 1, -0.5, 2],
    ]);
    expect(outcomes.map(({ problem, verdict }) => [problem, verdict])).toEqual([
      ["0", "incorrect"],
      ["1", "correct"],
      ["2", "incorrect"],
    ]);
    expect(responses.map(({ role, text }) => [role, text])).toEqual([
      ["draw", "an answer"],
      ["choice", "yes"],
      ["data", "no"],
      ["data", "yes"],
      ["choice", "no"],
    ]);
  });

  test("bad rows are rejected by row and field", async () => {
    const { rejections, likelihoods } = await reading(
      await details(
        `SELECT {'query': CASE i WHEN 0 THEN NULL ELSE 'Q' END, 'choices': ['a', 'b'], 'gold_index': 1, 'id': i::VARCHAR} AS doc,
         ${response("[]::VARCHAR[]", "CASE i WHEN 1 THEN [-1.0] WHEN 2 THEN [-1, 0.5] WHEN 3 THEN [-1, 'nan'::DOUBLE] WHEN 4 THEN [] ELSE [-1, '-inf'::DOUBLE] END")},
         {'acc': 1} AS metric FROM range(6) t(i)`,
      ),
    );
    expect(rejections.map(({ line, field }) => [line, field])).toEqual([
      [1, "doc.query"],
      [2, "model_response.logprobs"],
      [3, "model_response.logprobs[1]"],
      [4, "model_response.logprobs[1]"],
      [5, "model_response"],
    ]);
    expect(likelihoods.map(({ role, logProbability }) => [role, logProbability])).toEqual([
      ["choice", -1],
      ["data", Number.NEGATIVE_INFINITY],
    ]);
  });

  test("an id met twice names no document: the row does", async () => {
    const { outcomes } = await reading(
      await details(
        `SELECT {'query': 'Q' || i, 'choices': ['a'], 'gold_index': 0, 'id': 'same'} AS doc, ${response("['a']", "[]::DOUBLE[]")}, {'em': 1} AS metric FROM range(2) t(i)`,
      ),
    );
    expect(outcomes.map(({ problem }) => problem)).toEqual(["same", "row 2"]);
  });
});

/** What the page is turned to: N, a model, a section. Kept in the address behind #, so that links restore it. */
import { useEffect, useState } from "preact/hooks";

export interface ViewState {
  readonly n: number | undefined;
  readonly model: string | undefined;
  readonly section: string | undefined;
  /** The problem that is open, and its task where there are several. */
  readonly problem: string | undefined;
  readonly task: string | undefined;
}

/** Browsers refuse more changes of the address than some in a second. */
const addressDelay = 250;

let state = stateOf(location.hash);
/** After so long without a change, N has come to rest. */
const restDelay = 150;

let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();
/** Of those that follow N, frame by frame. */
const frameListeners = new Set<(moving: boolean) => void>();
let isFrameAsked = false;
let rest: ReturnType<typeof setTimeout> | undefined;

/** `#N=16&model=…&section=…`, or a section's name alone. */
export function stateOf(hash: string): ViewState {
  const text = hash.replace(/^#/, "");
  if (text !== "" && !text.includes("=")) {
    return {
      n: undefined,
      model: undefined,
      section: decoded(text),
      problem: undefined,
      task: undefined,
    };
  }
  const fields = new URLSearchParams(text);
  const n = Number(fields.get("N") ?? Number.NaN);
  return {
    n: n >= 1 && n < Number.POSITIVE_INFINITY ? n : undefined,
    model: fields.get("model") ?? undefined,
    section: fields.get("section") ?? undefined,
    problem: fields.get("problem") ?? undefined,
    task: fields.get("task") ?? undefined,
  };
}

export function hashOf({ n, model, section, problem, task }: ViewState): string {
  const fields = new URLSearchParams();
  if (n !== undefined) fields.set("N", String(n));
  if (model !== undefined) fields.set("model", model);
  if (section !== undefined) fields.set("section", section);
  if (problem !== undefined) fields.set("problem", problem);
  if (task !== undefined) fields.set("task", task);
  return fields.size === 0 ? "" : `#${fields}`;
}

export function view(): ViewState {
  return state;
}

export function changeView(change: Partial<ViewState>): void {
  state = { ...state, ...change };
  for (const listener of listeners) listener();
  if ("n" in change) moveN();
  clearTimeout(timer);
  timer = setTimeout(() => {
    history.replaceState(null, "", hashOf(state) || location.pathname + location.search);
  }, addressDelay);
}

/** Selects the model, or lets go of it if it was selected. */
export function selectModel(model: string): void {
  changeView({ model: state.model === model ? undefined : model });
}

/** One field of the state, followed as it changes. */
export function useView<Key extends keyof ViewState>(key: Key): ViewState[Key] {
  const [value, setValue] = useState(state[key]);
  useEffect(() => {
    const listener = () => setValue(state[key]);
    listener();
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, [key]);
  return value;
}

export interface MovingN {
  readonly n: number | undefined;
  /** More values are to come soon. */
  readonly moving: boolean;
}

/** N as panels follow it: with every frame where they are in sight, else where it comes to rest. */
export function useMovingN(start: number | undefined, inSight: boolean): MovingN {
  const [shown, setShown] = useState<MovingN>({ n: state.n ?? start, moving: false });
  useEffect(() => {
    const listener = (moving: boolean) => {
      if (moving && !inSight) return;
      const n = state.n ?? start;
      setShown((before) => (before.n === n && before.moving === moving ? before : { n, moving }));
    };
    listener(isNMoving());
    frameListeners.add(listener);
    return () => {
      frameListeners.delete(listener);
    };
  }, [start, inSight]);
  return shown;
}

/** True until N has come to rest. */
export const isNMoving = (): boolean => rest !== undefined;

function showFrame(): void {
  isFrameAsked = false;
  for (const listener of frameListeners) listener(isNMoving());
}

function moveN(): void {
  if (!isFrameAsked) requestAnimationFrame(showFrame);
  isFrameAsked = true;
  clearTimeout(rest);
  document.documentElement.classList.add("moving");
  rest = setTimeout(() => {
    rest = undefined;
    document.documentElement.classList.remove("moving");
    for (const listener of frameListeners) listener(false);
  }, restDelay);
}

/** Someone edited the address or went back. */
addEventListener("hashchange", () => {
  state = { ...state, ...stateOf(location.hash) };
  for (const listener of listeners) listener();
  moveN();
  showSection();
});

/** Brings the section of the address into sight. */
export function showSection(): void {
  if (state.section === undefined) return;
  document.getElementById(state.section)?.scrollIntoView();
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

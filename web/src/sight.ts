/** Where an element is, and when there is time for what is not in sight. */
import { useEffect, useState } from "preact/hooks";
import { isNMoving } from "./state.ts";

/** Pixels beyond the window's edge that count as in sight: what is drawn there is there once it is scrolled to. */
const margin = 150;

interface Place {
  readonly current: HTMLElement | null;
}

/** Whether any of the element can be seen; undefined until that is known. */
export function useInSight(place: Place): boolean | undefined {
  const [inSight, setInSight] = useState<boolean | undefined>(undefined);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const observer = new IntersectionObserver(
      (entries) => setInSight(entries.at(-1)?.isIntersecting === true),
      { rootMargin: `${margin}px` },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [place]);
  return inSight;
}

/** Marks the element as out of sight by a class, with nothing drawn anew by that. */
export function useAsideClass(place: Place): void {
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const observer = new IntersectionObserver(
      (entries) => element.classList.toggle("aside", entries.at(-1)?.isIntersecting === false),
      { rootMargin: `${margin}px` },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [place]);
}

/** The width in pixels of what stands in a section; 0 until it is known. All sections are as wide as the page's main part, and have no size of their own while they are out of sight. What stands elsewhere names the element around it that gives its width. */
export function useWidth(place: Place, around = "main"): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const measured = place.current?.closest(around) ?? null;
    if (measured === null) return;
    const observer = new ResizeObserver(() => setWidth(Math.round(measured.clientWidth)));
    observer.observe(measured);
    return () => observer.disconnect();
  }, [place, around]);
  return width;
}

type Work = () => void;
const waiting = new Set<Work>();
let isAsked = false;

/** Does the work where there is time for it, one piece of work after another; what is returned takes it back. */
export function whenIdle(work: Work): () => void {
  waiting.add(work);
  ask();
  return () => {
    waiting.delete(work);
  };
}

function ask(): void {
  if (isAsked || waiting.size === 0) return;
  isAsked = true;
  // Not every browser has requestIdleCallback.
  if ("requestIdleCallback" in globalThis) requestIdleCallback(next, { timeout: 500 });
  else setTimeout(next, 30);
}

function next(): void {
  isAsked = false;
  if (isNMoving()) {
    isAsked = true;
    setTimeout(next, 100);
    return;
  }
  const [work] = waiting;
  if (work === undefined) return;
  waiting.delete(work);
  work();
  ask();
}

/** Paper shows everything. */
addEventListener("beforeprint", () => {
  const works = [...waiting];
  waiting.clear();
  for (const work of works) work();
});

/** Opens what is folded while it is printed. */
export function useOpenOnPaper(place: { readonly current: HTMLDetailsElement | null }): void {
  useEffect(() => {
    let wasOpen = false;
    const open = () => {
      wasOpen = place.current?.open ?? false;
      if (place.current !== null) place.current.open = true;
    };
    const close = () => {
      if (place.current !== null) place.current.open = wasOpen;
    };
    addEventListener("beforeprint", open);
    addEventListener("afterprint", close);
    return () => {
      removeEventListener("beforeprint", open);
      removeEventListener("afterprint", close);
    };
  }, [place]);
}

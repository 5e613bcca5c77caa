/** Arithmetic of shapes: broadcasting, strides, offsets. */
import type { Shape } from "./tensor.ts";

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, axis) => dimension === b[axis]);
}

/** The common shape of two under numpy's rule, undefined where there is none. */
export function broadcastShape(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const left = a[a.length - rank + axis] ?? 1;
    const right = b[b.length - rank + axis] ?? 1;
    if (left !== right && left !== 1 && right !== 1) return undefined;
    shape.push(left === 1 ? right : left);
  }
  return shape;
}

/** Row-major strides. */
export function strides(shape: Shape): number[] {
  const result = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    result[axis] = stride;
    stride *= shape[axis]!;
  }
  return result;
}

/** Strides with which an array of shape `from` is read as shape `to`; 0 along broadcast axes. */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const own = strides(from);
  const missing = to.length - from.length;
  return to.map((_, axis) => {
    const source = axis - missing;
    return source < 0 || from[source] === 1 ? 0 : own[source]!;
  });
}

/** For each entry of `shape` in row-major order, its offset in an array with these strides. */
export function offsets(shape: Shape, steps: readonly number[], start = 0): Int32Array {
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  const result = new Int32Array(size);
  if (size === 0) return result;
  result[0] = start;
  let filled = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const dimension = shape[axis]!;
    const step = steps[axis]!;
    for (let index = 1; index < dimension; index++) {
      const shift = index * step;
      const block = index * filled;
      for (let i = 0; i < filled; i++) result[block + i] = result[i]! + shift;
    }
    filled *= dimension;
  }
  return result;
}

/** Sizes before, of and after an axis: an array is `outer` blocks of `length` rows of `inner` entries. */
export function aroundAxis(shape: Shape, axis: number): { outer: number; length: number; inner: number } {
  let outer = 1;
  let inner = 1;
  for (let i = 0; i < axis; i++) outer *= shape[i]!;
  for (let i = axis + 1; i < shape.length; i++) inner *= shape[i]!;
  return { outer, length: shape[axis]!, inner };
}

/** Pictures of the page against those kept beside the tests. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Page } from "playwright-core";

/** A channel may differ by this much, of 255, before a pixel counts: browsers smooth edges in their own ways. */
const smallest = 40;

/**
 * The share of pixels in which the PNG differs from the kept one; 1 where their sizes differ. With UPDATE_GOLDEN=1 in the
 * environment the picture is kept instead, and the share is 0.
 *
 * @param blank a page without a policy, in which both are decoded
 */
export async function shareDiffering(picture: Buffer, golden: string, blank: Page): Promise<number> {
  if (process.env.UPDATE_GOLDEN === "1") {
    mkdirSync(dirname(golden), { recursive: true });
    writeFileSync(golden, picture);
    return 0;
  }
  if (!existsSync(golden)) throw new Error(`${golden} is not there: UPDATE_GOLDEN=1 writes it`);
  const [left, right] = [picture, readFileSync(golden)].map((png) => png.toString("base64"));
  return blank.evaluate<number>(`(async () => {
    const decoded = async (png) => {
      const bytes = Uint8Array.from(atob(png), (character) => character.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
      context.drawImage(bitmap, 0, 0);
      return context.getImageData(0, 0, bitmap.width, bitmap.height);
    };
    const [left, right] = [await decoded("${left}"), await decoded("${right}")];
    if (left.width !== right.width || left.height !== right.height) return 1;
    let differing = 0;
    for (let at = 0; at < left.data.length; at += 4) {
      const differs = (channel) => Math.abs(left.data[at + channel] - right.data[at + channel]) > ${smallest};
      if (differs(0) || differs(1) || differs(2)) differing += 1;
    }
    return differing / (left.width * left.height);
  })()`);
}

/** Widths of a text in the fonts that the page uses: they differ where the system's fonts do. */
export const fontWidths = (page: Page) =>
  page.evaluate<string>(`["16px system-ui", "bold 16px system-ui", "14px ui-monospace"].map((font) => {
    const context = document.createElement("canvas").getContext("2d");
    context.font = font;
    return font + " " + context.measureText("Coverage of 1,319 prompts, pass@k").width.toFixed(1);
  }).join("\\n") + "\\n"`);

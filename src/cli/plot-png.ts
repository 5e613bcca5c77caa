/** SVG to PNG, by @resvg/resvg-js (optional package). */
import { existsSync } from "node:fs";
import { crc32 } from "node:zlib";
import { optionalPackage } from "../optional/optional-package.ts";
import { InputError } from "../record/index.ts";

/** What is used of @resvg/resvg-js; its own types need the package installed. */
interface ResvgModule {
  readonly Resvg: new (
    svg: string,
    options: {
      readonly background: string;
      readonly fitTo: { readonly mode: "zoom"; readonly value: number };
      readonly font: Readonly<Record<string, unknown>>;
    },
  ) => {
    getBBox(): unknown;
    render(): { asPng(): Buffer };
  };
}

export interface PngOptions {
  /** Dots of an inch. */
  readonly dpi: number;
  /** A font file for all text; the system's fonts otherwise. */
  readonly font?: string;
}

const version = "2.6.2";
/** The first of these that the system has; text in a family that it lacks falls back to it. */
const families = ["Helvetica", "Arial", "Liberation Sans", "DejaVu Sans", "Noto Sans"];

/** Throws InputError where the package or every font is missing: text would be left out in silence. */
export async function pngOf(svg: string, { dpi, font }: PngOptions): Promise<Buffer> {
  const { Resvg } = await optionalPackage<ResvgModule>("@resvg/resvg-js", {
    purpose: "a PNG (SVG needs no package)",
    version,
  });
  if (font !== undefined && !existsSync(font)) throw new InputError(`--font ${font}: no such file`);
  const loading =
    font === undefined ? { loadSystemFonts: true } : { loadSystemFonts: false, fontFiles: [font] };
  const options = (family: string | undefined) => ({
    background: "white",
    fitTo: { mode: "zoom" as const, value: dpi / 96 },
    font: { ...loading, ...(family !== undefined && { defaultFontFamily: family, sansSerifFamily: family }) },
  });
  // The name of a given font is not known; a family that is not found falls back to what is loaded.
  const found = [...(font === undefined ? families : []), undefined].filter((family) => {
    const named = `<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99"><text x="9" y="50"${family === undefined ? "" : ` font-family="${family}"`}>x</text></svg>`;
    return new Resvg(named, options(family)).getBBox() !== undefined;
  });
  if (found.length === 0) {
    throw new InputError(
      font === undefined
        ? "a PNG needs a font, and this system has none: give one with --font FILE.ttf, or write an SVG"
        : `--font ${font}: is no font in which text can be drawn`,
    );
  }
  return withResolution(new Resvg(svg, options(found[0])).render().asPng(), dpi);
}

/** Says in the PNG how large it is to be printed: a pHYs chunk after the header. */
function withResolution(png: Buffer, dpi: number): Buffer {
  const headerEnd = 33;
  const chunk = Buffer.alloc(21);
  chunk.writeUInt32BE(9, 0);
  chunk.write("pHYs", 4, "latin1");
  const dotsOfMetre = Math.round(dpi / 0.0254);
  chunk.writeUInt32BE(dotsOfMetre, 8);
  chunk.writeUInt32BE(dotsOfMetre, 12);
  chunk.writeUInt8(1, 16);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 17)), 17);
  return Buffer.concat([png.subarray(0, headerEnd), chunk, png.subarray(headerEnd)]);
}

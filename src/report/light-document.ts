/**
 * A document that only takes what is drawn into it. Plot draws into it for a fraction of what a browser's document costs, and
 * what differs from the drawing before is then changed in the browser's own, whose other elements stay as they are.
 */

/** What a browser's element is changed through. */
interface RealElement {
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  append(...children: RealElement[]): void;
  replaceWith(other: RealElement): void;
  remove(): void;
  textContent: string | null;
}

interface RealDocument {
  createElementNS(namespace: string, name: string): unknown;
}

/** As much of an element as Plot's marks without numbers at the pointer use. */
export class LightElement {
  readonly ownerDocument: LightDocument;
  readonly namespaceURI: string;
  readonly localName: string;
  readonly attributes = new Map<string, string>();
  children: LightElement[] = [];
  parentNode: LightElement | null = null;
  #text = "";
  #real: RealElement | undefined;

  constructor(ownerDocument: LightDocument, namespaceURI: string, localName: string) {
    this.ownerDocument = ownerDocument;
    this.namespaceURI = namespaceURI;
    this.localName = localName;
  }

  setAttribute(name: string, value: unknown): void {
    this.attributes.set(name, String(value));
  }

  setAttributeNS(_namespace: string, name: string, value: unknown): void {
    this.attributes.set(name, String(value));
  }

  getAttribute(name: string): string | null {
    return this.attributes.get(name) ?? null;
  }

  removeAttribute(name: string): void {
    this.attributes.delete(name);
  }

  appendChild(child: LightElement): LightElement {
    return this.insertBefore(child, null);
  }

  insertBefore(child: LightElement, next: LightElement | null): LightElement {
    child.parentNode?.removeChild(child);
    child.parentNode = this;
    if (next === null) this.children.push(child);
    else this.children.splice(this.children.indexOf(next), 0, child);
    return child;
  }

  removeChild(child: LightElement): LightElement {
    this.children = this.children.filter((other) => other !== child);
    child.parentNode = null;
    return child;
  }

  /** Text and elements do not stand beside each other. */
  set textContent(text: string) {
    this.children = [];
    this.#text = text;
  }

  get textContent(): string {
    return this.#text + this.children.map(({ textContent }) => textContent).join("");
  }

  /** This and all that stands in it. */
  *all(): Generator<LightElement> {
    yield this;
    for (const child of this.children) yield* child.all();
  }

  /** Makes it in a browser's document. */
  realIn(document: RealDocument): RealElement {
    const real = document.createElementNS(this.namespaceURI, this.localName) as RealElement;
    for (const [name, value] of this.attributes) real.setAttribute(name, value);
    if (this.#text !== "") real.textContent = this.#text;
    for (const child of this.children) real.append(child.realIn(document));
    this.#real = real;
    return real;
  }

  /** Changes the browser's element that was made of `before` into what would be made of this; it is this one's from then on. */
  takeFrom(before: LightElement, document: RealDocument): void {
    const real = before.#real;
    if (real === undefined) throw new Error("nothing was made of it");
    this.#real = real;
    for (const [name, value] of this.attributes) {
      if (before.attributes.get(name) !== value) real.setAttribute(name, value);
    }
    for (const name of before.attributes.keys()) {
      if (!this.attributes.has(name)) real.removeAttribute(name);
    }
    if (before.#text !== this.#text) {
      // What stood in it is gone with that.
      real.textContent = this.#text;
      if (before.children.length > 0) before.children = [];
    }
    this.children.forEach((child, index) => {
      const other = before.children[index];
      if (other === undefined) real.append(child.realIn(document));
      else if (other.localName === child.localName) child.takeFrom(other, document);
      else other.#real?.replaceWith(child.realIn(document));
    });
    for (const other of before.children.slice(this.children.length)) other.#real?.remove();
  }
}

export class LightDocument {
  readonly documentElement = new LightElement(this, "http://www.w3.org/1999/xhtml", "html");

  createElementNS(namespace: string, name: string): LightElement {
    return new LightElement(this, namespace, name);
  }

  createElement(name: string): LightElement {
    return this.createElementNS(this.documentElement.namespaceURI, name);
  }
}

/** Declarations as text without bodies: what a reader of a signature needs. */
import type { ClassDeclaration, Node } from "typescript/unstable/ast";
import {
  isClassDeclaration,
  isConstructorDeclaration,
  isExpressionWithTypeArguments,
  isFunctionDeclaration,
  isGetAccessorDeclaration,
  isMethodDeclaration,
  isPrivateIdentifier,
  isPropertyDeclaration,
  isSetAccessorDeclaration,
  isTypeReferenceNode,
  isVariableDeclaration,
} from "typescript/unstable/ast/is";
import { type Checker, ModifierFlags, type Symbol as Name } from "typescript/unstable/sync";

/** Inferred types of more characters than these are cut. */
const longestInferredType = 400;

/** A type as text; of a long one with arguments only its name. */
function cut(type: string): string {
  if (type.length <= longestInferredType) return type;
  return `${/^[\w.]+</.exec(type)?.[0] ?? type.slice(0, longestInferredType)}…${/^[\w.]+</.test(type) ? ">" : ""}`;
}

type WithBody = Node & { readonly body?: Node | undefined; readonly type?: Node | undefined };

/** A function or method up to its body; a return type that is not written is the inferred one. */
function bodyless(checker: Checker, node: WithBody): string {
  const { text } = node.getSourceFile();
  const head = text.slice(node.getStart(), node.body?.getStart() ?? node.getEnd()).trim();
  if (node.type !== undefined || isConstructorDeclaration(node) || isSetAccessorDeclaration(node)) {
    return `${head.replace(/;$/, "")};`;
  }
  const signature = checker.getSignatureFromDeclaration(node);
  const result = signature && checker.getReturnTypeOfSignature(signature);
  if (result === undefined) throw new Error(`no return type: ${head}`);
  return `${head}: ${cut(checker.typeToString(result, node))};`;
}

/** `NAME: TYPE`, with the modifiers before it. */
function typedName(
  checker: Checker,
  node: Node & { readonly name: Node; readonly type?: Node | undefined },
): string {
  const { text } = node.getSourceFile();
  if (node.type !== undefined) return `${text.slice(node.getStart(), node.type.getEnd())};`;
  const symbol = checker.getSymbolAtLocation(node.name);
  const type = symbol && checker.getTypeOfSymbol(symbol);
  if (type === undefined) throw new Error(`no type: ${node.getText()}`);
  return `${text.slice(node.getStart(), node.name.getEnd())}: ${cut(checker.typeToString(type, node))};`;
}

function memberText(checker: Checker, member: Node): string | undefined {
  if (isPropertyDeclaration(member)) return typedName(checker, member);
  if (
    isMethodDeclaration(member) ||
    isConstructorDeclaration(member) ||
    isGetAccessorDeclaration(member) ||
    isSetAccessorDeclaration(member)
  ) {
    return bodyless(checker, member).replace(/^((?:static |override )*)(?:async )?\*?/, "$1");
  }
  return undefined;
}

/** What users may call or read of a class. */
function publicMembers(node: ClassDeclaration): Node[] {
  return node.members.filter((member) => {
    const { name, modifierFlags } = member as Node & {
      readonly name?: Node;
      readonly modifierFlags?: ModifierFlags;
    };
    const flags = modifierFlags ?? ModifierFlags.None;
    if (flags & (ModifierFlags.Private | ModifierFlags.Protected)) return false;
    return name === undefined || !isPrivateIdentifier(name);
  });
}

/** A class as its public members, each with its docstring. */
function classText(checker: Checker, node: ClassDeclaration): string {
  const { text } = node.getSourceFile();
  const members = publicMembers(node).flatMap((member) => {
    const own = memberText(checker, member);
    if (own === undefined) return [];
    return [`  ${text.slice(member.getStart(undefined, true), member.getStart())}${own}`];
  });
  const head = text.slice(node.getStart(), node.members.pos);
  return `${head}\n${members.join("\n")}\n}`;
}

/** A declaration as TypeScript without its body, `export` and `async`. */
export function declarationText(checker: Checker, node: Node): string {
  if (isVariableDeclaration(node)) return `const ${typedName(checker, node)}`;
  const text = isFunctionDeclaration(node)
    ? bodyless(checker, node)
    : isClassDeclaration(node)
      ? classText(checker, node)
      : node.getText();
  return text.replace(/^export (?:async )?/, "");
}

/** The names of types in declarations, not in bodies and private members. */
export function typesNamedIn(checker: Checker, nodes: readonly Node[]): Name[] {
  const found: Node[] = [];
  const visit = (node: Node): void => {
    if (isTypeReferenceNode(node)) found.push(node.typeName);
    if (isExpressionWithTypeArguments(node)) found.push(node.expression);
    const { body, initializer } = node as WithBody & { readonly initializer?: Node };
    const shown = isClassDeclaration(node) ? publicMembers(node) : [];
    const members: readonly Node[] = isClassDeclaration(node) ? node.members : [];
    node.forEachChild((child) => {
      if (child === body || child === initializer) return;
      if (members.includes(child) && !shown.includes(child)) return;
      visit(child);
    });
  };
  for (const node of nodes) visit(node);
  if (found.length === 0) return [];
  const names = checker.getSymbolAtLocation(found).filter((name) => name !== undefined);
  return [...new Map(names.map((name) => [name.id, name])).values()];
}

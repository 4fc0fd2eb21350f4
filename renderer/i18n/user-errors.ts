/** What the lab's sources can say in errors: every sentence of a `new UserError`, with samples for its values. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ESTree, parseSync, Visitor } from 'vite'

/** Stands for a value that only a run knows. */
export const SAMPLE = '§'

export interface Spoken {
  readonly file: string
  readonly line: number
  readonly text: string
}

type Inner = ESTree.Expression | ESTree.PrivateInExpression | ESTree.PrivateIdentifier | ESTree.SpreadElement
type Callable = ESTree.Function | ESTree.ArrowFunctionExpression

/** A function, or a file, with the names that are given values in it. */
interface Scope {
  readonly name: string
  readonly parameters: readonly string[]
  readonly constants: Map<string, ESTree.Expression[]>
  readonly returns: ESTree.Expression[]
}

interface Place {
  readonly file: string
  /** From the file inwards. */
  readonly scopes: readonly Scope[]
}

interface Found extends Place {
  readonly start: number
  readonly expression: Inner
}

interface Call extends Place {
  readonly name: string
  readonly given: readonly Inner[]
}

/** Sentences of more variants than this are better written otherwise. */
const MOST = 64
const DEEPEST = 6

/** The sentences of user errors, and every text at all, in the TypeScript below these folders, tests left out. */
export function readSources(folders: readonly string[]): { readonly errors: Spoken[]; readonly texts: Set<string> } {
  const errors: Found[] = []
  const texts: Found[] = []
  const calls: Call[] = []
  const functions = new Map<string, { readonly place: Place; readonly scope: Scope }>()
  const sources = new Map(folders.flatMap(filesOf).map((file) => [file, readFileSync(file, 'utf8')]))

  for (const [file, source] of sources) {
    const scopes: Scope[] = [{ name: '', parameters: [], constants: new Map(), returns: [] }]
    const names = new Map<Callable, string>()
    const here = (): Place => ({ file, scopes: [...scopes] })
    const enter = (node: Callable) => {
      const name = names.get(node) ?? (node.type === 'FunctionDeclaration' ? (node.id?.name ?? '') : '')
      const parameters = node.params.map((one) => (one.type === 'Identifier' ? one.name : ''))
      const returns = node.body?.type === 'BlockStatement' || node.body == null ? [] : [node.body]
      const scope = { name, parameters, constants: new Map(), returns }
      if (name !== '') functions.set(`${file} ${name}`, { place: here(), scope })
      scopes.push(scope)
    }
    const leave = () => void scopes.pop()
    const { program, errors: broken } = parseSync(file, source, { lang: 'ts' })
    if (broken.length > 0) throw new Error(`${file}: ${broken[0]?.message}`)
    new Visitor({
      VariableDeclarator({ id, init }) {
        if (id.type !== 'Identifier' || init === null) return
        const { constants } = scopes.at(-1)!
        constants.set(id.name, [...(constants.get(id.name) ?? []), init])
        if (init.type === 'ArrowFunctionExpression') names.set(init, id.name)
      },
      FunctionDeclaration: enter,
      'FunctionDeclaration:exit': leave,
      FunctionExpression: enter,
      'FunctionExpression:exit': leave,
      ArrowFunctionExpression: enter,
      'ArrowFunctionExpression:exit': leave,
      ReturnStatement({ argument }) {
        if (argument !== null) scopes.at(-1)!.returns.push(argument)
      },
      CallExpression({ callee, arguments: given }) {
        if (callee.type === 'Identifier') calls.push({ ...here(), name: callee.name, given })
      },
      NewExpression({ start, callee, arguments: given }) {
        if (callee.type !== 'Identifier' || callee.name !== 'UserError' || given[0] === undefined) return
        errors.push({ ...here(), start, expression: given[0] })
      },
      Literal(node) {
        if (typeof node.value === 'string') texts.push({ ...here(), start: node.start, expression: node })
      },
      TemplateLiteral(node) {
        texts.push({ ...here(), start: node.start, expression: node })
      },
    }).visit(program)
  }

  /** The texts that an expression can be, as far as the sources alone say. */
  function variants(expression: Inner, place: Place, depth: number): string[] {
    if (depth === DEEPEST) return [SAMPLE]
    const of = (inner: Inner) => variants(inner, place, depth)
    switch (expression.type) {
      case 'Literal':
        return typeof expression.value === 'string' ? [expression.value] : [SAMPLE]
      case 'TemplateLiteral':
        return expression.quasis.reduce<string[]>(
          (before, { value: { cooked } }, at) => {
            const inner = expression.expressions[at]
            return joined(joined(before, [cooked ?? '']), inner === undefined ? [''] : of(inner))
          },
          [''],
        )
      case 'BinaryExpression':
        return expression.operator === '+' ? joined(of(expression.left), of(expression.right)) : [SAMPLE]
      case 'ConditionalExpression':
        return unique([...of(expression.consequent), ...of(expression.alternate)])
      case 'LogicalExpression':
        return expression.operator === '&&' ? [SAMPLE] : unique([...of(expression.left), ...of(expression.right)])
      case 'ParenthesizedExpression':
      case 'TSAsExpression':
      case 'TSNonNullExpression':
      case 'TSSatisfiesExpression':
        return of(expression.expression)
      case 'Identifier':
        return named(expression.name, place, depth + 1)
      case 'CallExpression':
        return expression.callee.type === 'Identifier' ? answers(expression.callee.name, place, depth + 1) : [SAMPLE]
      default:
        return [SAMPLE]
    }
  }

  function named(name: string, { file, scopes }: Place, depth: number): string[] {
    for (let at = scopes.length - 1; at >= 0; at--) {
      const scope = scopes[at]!
      const outside = { file, scopes: scopes.slice(0, at + 1) }
      const constants = scope.constants.get(name)
      if (constants !== undefined) return unique(constants.flatMap((one) => variants(one, outside, depth)))
      const parameter = scope.parameters.indexOf(name)
      if (parameter >= 0) return unique(given(file, scope.name, parameter, depth))
    }
    return [SAMPLE]
  }

  /** What a function's callers give it: those of its own file, or else of all. */
  function given(file: string, name: string, parameter: number, depth: number): string[] {
    const all = calls.filter((call) => call.name === name)
    const own = all.filter((call) => call.file === file)
    const texts = (own.length > 0 ? own : all).flatMap((call) => {
      const argument = call.given[parameter]
      return argument === undefined ? [] : variants(argument, call, depth)
    })
    return texts.length === 0 ? [SAMPLE] : texts
  }

  function answers(name: string, { file }: Place, depth: number): string[] {
    const known = functions.get(`${file} ${name}`)
    if (known === undefined || known.scope.returns.length === 0) return [SAMPLE]
    const inside = { file, scopes: [...known.place.scopes, known.scope] }
    return unique(known.scope.returns.flatMap((one) => variants(one, inside, depth)))
  }

  return {
    errors: errors.flatMap((found) => {
      const line = sources.get(found.file)!.slice(0, found.start).split('\n').length
      return variants(found.expression, found, 0).map((text) => ({ file: found.file, line, text }))
    }),
    texts: new Set(texts.flatMap((found) => variants(found.expression, found, 0))),
  }
}

/** Every beginning with every end; samples side by side are one. */
function joined(beginnings: readonly string[], ends: readonly string[]): string[] {
  const all = beginnings.flatMap((beginning) => ends.map((end) => (beginning + end).replaceAll(/§§+/g, SAMPLE)))
  return all.length <= MOST ? unique(all) : unique(beginnings.map((beginning) => beginning + SAMPLE))
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)]
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ts$/.test(name) && !/\.test\.ts$/.test(name))
    .map((name) => join(folder, name))
    .sort()
}

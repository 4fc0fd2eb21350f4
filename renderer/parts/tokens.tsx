/** A completion with each token shaded by its probability: the darker, the less the policy expected it. */
import classes from './tokens.module.css'

export interface Token {
  readonly text: string
  /** Natural logarithm of the token's probability. */
  readonly logprob: number
}

/** Nats at which the shade is darkest: a probability of 2%. */
const DARKEST = 4

export function Tokens({ tokens }: { readonly tokens: readonly Token[] }) {
  return (
    <div className={`mono wrap ${classes.tokens}`}>
      {tokens.map(({ text, logprob }, at) => {
        const surprise = Math.min(1, Math.max(0, -logprob / DARKEST))
        const style = { background: `color-mix(in srgb, var(--rejected) ${Math.round(45 * surprise)}%, transparent)` }
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a token's place is its key
          <span key={at} style={style} title={`${(100 * Math.exp(logprob)).toFixed(1)}%`}>
            {text}
          </span>
        )
      })}
    </div>
  )
}

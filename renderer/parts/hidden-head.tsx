/** A table head for screen readers only, for tables whose columns need no heading on screen. */

export function HiddenHead({ names }: { readonly names: readonly string[] }) {
  return (
    <thead className="hidden-words">
      <tr>
        {names.map((name) => (
          <th key={name} scope="col">
            {name}
          </th>
        ))}
      </tr>
    </thead>
  )
}

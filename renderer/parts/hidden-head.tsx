/** The head of a table whose columns speak for themselves to the eye; others are told what they are. */

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

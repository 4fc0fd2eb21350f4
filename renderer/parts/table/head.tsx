/** The head of a plain table. */

export interface HeadColumn {
  readonly label: string
  readonly number?: boolean
  /** Whether only screen readers get the label. */
  readonly hidden?: boolean
}

export function Head({ columns }: { readonly columns: readonly HeadColumn[] }) {
  return (
    <thead>
      <tr>
        {columns.map(({ label, number = false, hidden = false }) => (
          <th key={label} scope="col" className={number ? 'number' : undefined}>
            {hidden ? <span className="hidden-words">{label}</span> : label}
          </th>
        ))}
      </tr>
    </thead>
  )
}

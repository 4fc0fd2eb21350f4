/** Bytes in decimal gigabytes, as disks, cards and downloads are counted: "5.97 GB". */
export function gb(bytes: number): string {
  return `${(bytes / 1e9).toFixed(bytes < 1e8 ? 3 : 2)} GB`
}

/** What a task page of the user begins with. */
export const PAGE_TEMPLATE = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<link rel="stylesheet" href="core.css">
<script src="core.js"></script>
<script>
// Builds one problem. The lab has set the seed of
// Math.random before: take every choice from it.
function genProblem() {
  const words = core.differentWords(4)
  const wanted = core.sample(words)
  core.ask(\`Pick \${wanted}.\`)
  for (const word of words) {
    // Ends the episode: a success, or else a failure.
    const onclick = () => core.judge(word === wanted)
    core.show(core.make('button', { onclick }, [word]))
  }
}
</script>
</head>
<body>
<div id="wrap"><div id="query"></div><div id="area"></div></div>
</body>
</html>
`

/** 实验室的错误，以英文原句为键；命令、路径与设置的名称保持原样。 */
import type { ErrorWords, Templates } from './errors.ts'

/** 页面与浏览器的故障。 */
const FAULTS: Templates = {
  'the page crashed': '页面崩溃了',
  'the page answered with a wrong {what}: {detail}': '页面的回应不对（{what}：{detail}）',
  'the episode was over before it began': '回合还没开始就结束了',
  'the episode took longer than {limit} ms': '回合用时超过 {limit} 毫秒',
  'no episode has begun on this page': '这个页面上还没有开始回合',
  'the window has no page': '窗口里没有页面',
  'the windows were closed': '窗口已关闭',
  'the window failed: {detail}': '窗口出错：{detail}',
  'the browser was closed': '浏览器已关闭',
  'the browser failed: {detail}': '浏览器出错：{detail}',
  '{work} took longer than {limit} ms': '{work}用时超过 {limit} 毫秒',
}

/** 一个值应当怎样。 */
const DEMANDS: Templates = {
  'must be {value}': '必须是 {value}',
  'must be {value} or a number': '必须是 {value} 或数字',
  'must be {value} or a whole number': '必须是 {value} 或整数',
  'must be {value} or true or false': '必须是 {value}、true 或 false',
  'must be a number': '必须是数字',
  'must be a whole number': '必须是整数',
  'must be a text': '必须是文字',
  'must be a list': '必须是列表',
  'must be a group of keys': '必须是一组键',
  'must be true or false': '必须是 true 或 false',
  'must be one of {values}': '必须是 {values} 之一',
  'must be one of {values} (perhaps {near})': '必须是 {values} 之一（也许是 {near}）',
  'must not be an empty list': '不能是空列表',
  'must not be empty': '不能为空',
  'must be at least {limit}': '不能小于 {limit}',
  'must be more than {limit}': '必须大于 {limit}',
  'must be at most {limit}': '不能大于 {limit}',
  'must be letters, digits, dots, dashes and underscores': '只能用字母、数字、点、短横和下划线',
  'must be auto, file:<folder> or the http address of a tracking server':
    '必须是 auto、file:<文件夹>，或跟踪服务器的 http 地址',
}

/** zod 对文件内容的说法。 */
const ISSUES: Templates = {
  ...DEMANDS,
  'is missing': '缺失',
  'Invalid input': '内容不对',
  'Invalid input: expected {expected}': '应为 {expected}',
  'Invalid input: expected {expected}, received undefined': '缺失，应为 {expected}',
  'Invalid input: expected {expected}, received {received}': '应为 {expected}，而不是 {received}',
  'Invalid option: expected one of {options}': '应为 {options} 之一',
  'Unrecognized key: {key}': '不认识的键 {key}',
  'Unrecognized keys: {keys}': '不认识的键 {keys}',
  'Too small: expected {kind} to be >{limit}': '必须大于 {limit}',
  'Too small: expected {kind} to be >={limit}': '不能小于 {limit}',
  'Too small: expected {kind} to have >={count} {unit}': '太短，至少 {count} 个',
  'must be a list of messages': '必须是消息的列表',
  'must be a list of one assistant message': '必须是只含一条 assistant 消息的列表',
  "must be one message of the user, or the lab's system message and it":
    '必须是一条 user 消息，或实验室的 system 消息加上它',
  'chosen and rejected are the same text': '优选与劣选（chosen、rejected）是同样的文字',
  'must be the name of a safetensors file': '必须是 safetensors 文件的名称',
  'heads must share hidden_size in even parts': '注意力头必须能把 hidden_size 等分为偶数维',
  'must divide num_attention_heads': '必须整除 num_attention_heads',
  'other than hidden_size / num_attention_heads is not supported': '只支持 hidden_size / num_attention_heads',
  'sliding-window attention is not supported': '不支持滑动窗口注意力',
}

/** 页面不允许某个动作的原因。 */
const OBSTACLES: Templates = {
  'the element is gone': '元素已不存在',
  'the element is disabled': '元素已停用',
  'something else covers the element': '元素被别的东西挡住',
  'the element takes no text': '元素不接受文字',
  'the field cannot be changed': '这个栏不能更改',
  'the field does not take the focus': '这个栏无法获得焦点',
  'the element has no options': '元素没有选项',
  'there is no such option': '没有这个选项',
  'the option cannot be chosen': '这个选项不能选',
}

/** 一个错误里某处的原因。 */
const WHY: Templates = {
  ...FAULTS,
  ...OBSTACLES,
  'no answer came in time': '没有及时得到回应',
  'python3 is not installed': '没有安装 python3',
  'no answer': '没有回应',
  'there is none for this system': '没有适用于此系统的版本',
  'it needs root on Debian': '需要 Debian 系统与 root 权限',
  'it left no chromium in PATH': '安装后 PATH 中仍没有 chromium',
}

export const errors: ErrorWords = {
  sentences: {
    ...FAULTS,
    'impossible: {why}': '做不到：{why}',

    // 运行与任务
    'Run {run} ({command}) is at work; wait for its end, or stop it first.':
      '运行 {run}（{command}）正在进行；请等它结束，或先停止它。',
    'Run {run} is at work; stop it before you delete it.': '运行 {run} 正在进行；请先停止再删除。',
    'A run is at work and may be reading its adapters; wait for its end, or stop it first.':
      '有运行正在进行，可能正在读取它的适配器；请等它结束，或先停止它。',
    'A run is at work and needs the machine; look again when it has ended.': '有运行正在使用机器；请等它结束后再检查。',
    'There is no run to go on with; begin a new one.': '没有可以继续的运行；请开始新的运行。',
    'Run {run} is deleted; bring it back in the window, under Runs & models.':
      '运行 {run} 已删除；请在窗口的“运行与模型”中恢复它。',
    'There is no run {run}; `npx dpo-driver runs` lists them.':
      '没有运行 {run}；`npx dpo-driver runs` 会列出所有运行。',
    'There is no run {run}; load the list again.': '没有运行 {run}；请重新载入列表。',
    'There is nothing to resume: {command} has not run yet; leave out --resume to begin anew.':
      '没有可以继续的（{command}）：还没有运行过；去掉 --resume 即可重新开始。',
    'There is nothing to resume: {command} of run {run} came to its end; leave out --resume to begin anew.':
      '没有可以继续的（{command}）：运行 {run} 已经结束；去掉 --resume 即可重新开始。',
    'Run {run} has no evaluation that came to its end; run `npx dpo-driver evaluate`.':
      '运行 {run} 没有已完成的评估；请运行 `npx dpo-driver evaluate`。',
    'Run {run} has no {what} to export; `npx dpo-driver runs` lists the runs.':
      '运行 {run} 没有可导出的{what}；`npx dpo-driver runs` 列出所有运行。',
    'There is no episode {id} any more; load the list again.': '回合 {id} 已不存在；请重新载入列表。',
    'It was stopped.': '已停止。',

    // 适配器与合并
    '{path}: there is no adapter here; run `npx dpo-driver {program}` first.':
      '{path}：这里没有适配器；请先运行 `npx dpo-driver {program}`。',
    '{path}: there is no adapter here; run the stage {command} first.':
      '{path}：这里没有适配器；请先运行 {command} 阶段。',
    '{path}: there is no adapter here; name the folder of one.': '{path}：这里没有适配器；请指定适配器所在的文件夹。',
    '{path}: there is no adapter here any more; load the list again.': '{path}：这里已没有适配器；请重新载入列表。',
    '{folder} is not a folder that is there; choose one to put the merged model in.':
      '{folder} 不是现有的文件夹；请选择一个文件夹来放合并后的模型。',
    '{folder} is being written; wait for its end, or stop it first.': '正在写入 {folder}；请等它结束，或先停止它。',
    '{folder}: the merged model takes {needed} and {free} are free; free some space or choose another folder.':
      '{folder}：合并后的模型需要 {needed}，可用 {free}；请腾出空间，或选择别的文件夹。',
    '{folder} is what is merged; choose another folder for the merged model.':
      '{folder} 正是要合并的；请为合并后的模型选择别的文件夹。',
    '{folder} is there already and is not an empty folder; choose another or remove it.':
      '{folder} 已经存在且不是空文件夹；请换一个，或把它移走。',
    "{file} is missing; give the folder of a LoRA adapter in PEFT's layout.":
      '缺少 {file}；请指定按 PEFT 格式存放的 LoRA 适配器文件夹。',
    '{file} is missing; save the adapter again with safe_serialization=True in PEFT.':
      '缺少 {file}；请在 PEFT 中用 safe_serialization=True 重新保存适配器。',

    // 偏好对与样本
    '{file}: no golden sample of these tasks to replay; name other tasks, or set training.dpo.replay to 0.':
      '{file}：没有可供重放的黄金样本；请指定其他任务，或把 training.dpo.replay 设为 0。',
    'The loss became {loss} at step {step}: lower the learning rate.':
      '损失在第 {step} 步变成了 {loss}：请降低学习率。',
    'There are no pairs{where} to train on; run `npx dpo-driver collect` first.':
      '{where}没有可供训练的偏好对；请先运行 `npx dpo-driver collect`。',
    '{path} cannot be read ({code}); name another file or change its owner.':
      '无法读取 {path}（{code}）；请指定别的文件，或更改它的所有者。',
    '{place}: this line is not whole JSON; mend or delete it.': '{place}：这一行不是完整的 JSON；请改正或删除它。',
    '{place}: {wrong}; mend or delete the line.': '{place}：{wrong}；请改正或删除这一行。',
    '{path}: no golden sample of these tasks; run `npx dpo-driver golden`.':
      '{path}：没有这些任务的黄金样本；请运行 `npx dpo-driver golden`。',
    '{path}: there is no golden sample of {tasks}, and no expert plays that; choose other tasks or write samples of your own.':
      '{path}：没有 {tasks} 的黄金样本，也没有专家会做；请选择其他任务，或自己写样本。',

    // 设置
    '{place}: the configuration cannot be read ({code}); name another file with --config_path.':
      '{place}：无法读取配置（{code}）；请用 --config_path 指定另一个文件。',
    '{place}: this is not valid YAML: {detail}.': '{place}：这不是有效的 YAML：{detail}。',
    '{place}:1: a configuration is a list of "key: value" lines.': '{place}:1：配置应当由“键: 值”的行组成。',
    '{place}: {key} {demand}, but is {value}.': '{place}：{key} {demand}，现在是 {value}。',
    '{place}: unknown key {key}, perhaps {near}.': '{place}：没有设置 {key}，也许是 {near}。',
    '{place}: unknown key {key}, which belongs under {groups}.': '{place}：没有设置 {key}，它应当放在 {groups} 之下。',
    '{place}: unknown key {key}; the file has {keys}.': '{place}：没有设置 {key}；文件里可以有 {keys}。',
    '{place}: unknown key {key}; {group} has {keys}.': '{place}：没有设置 {key}；{group} 里可以有 {keys}。',
    '{place}: the seeds from {key} ({start} to {end}) run into those from {next} ({from}), so what is measured would have been trained on; move one of them.':
      '{place}：{key} 的种子（{start} 至 {end}）与 {next} 的种子（从 {from} 起）重叠，这样会在训练过的题目上测量；请移动其中一段。',
    '{place}: {key} was given on the command line, which wins over the file; start without it.':
      '{place}：{key} 已在命令行给出，命令行优先于文件；请去掉它再启动。',

    // 任务与浏览器
    'There is no task {name}; the nearest names are {near}.': '没有任务 {name}；最接近的名称是 {near}。',
    'There is no task {name} (the MiniWoB++ pages it belongs to are not installed: run `npm run setup`, or name a clone with --miniwob); the nearest names are {near}.':
      '没有任务 {name}（它所属的 MiniWoB++ 页面没有安装：请运行 `npm run setup`，或用 --miniwob 指定一份克隆）；最接近的名称是 {near}。',
    '{file}: there is a task {name} already, so rename the page.': '{file}：已有任务 {name}，请给页面改名。',
    'environment.tasks_dir names {folder}, which is no folder: create it or correct the path.':
      'environment.tasks_dir 指向 {folder}，但没有这个文件夹：请创建它，或改正路径。',
    'No MiniWoB++ pages under {folder}: name a clone of the benchmark, or the folder in it that holds core/ and miniwob/.':
      '{folder} 中没有 MiniWoB++ 页面：请指定该基准的一份克隆，或其中含 core/ 和 miniwob/ 的文件夹。',
    'MINIWOB_URL is {url}: only file:// addresses are served, so name a folder of this machine.':
      'MINIWOB_URL 是 {url}：只支持 file:// 地址，请指定本机的文件夹。',
    'MINIWOB_URL is {url}, which is no file:// address of this machine; write file:///path/to/html.':
      'MINIWOB_URL 是 {url}，这不是本机的 file:// 地址；请写成 file:///path/to/html。',
    'The MiniWoB++ pages could not be downloaded with pip ({why}): name a clone with --miniwob DIR, or go on with the built-in tasks.':
      '无法用 pip 下载 MiniWoB++ 页面（{why}）：请用 --miniwob DIR 指定一份克隆，或继续使用自带的任务。',
    'The downloaded {name} has SHA-256 {digest}, not {known}: it is not the known release of MiniWoB++ and was not unpacked.':
      '下载的 {name} 的 SHA-256 是 {digest}，而不是 {known}：它不是已知的 MiniWoB++ 版本，没有解包。',
    'CHROME_PATH is {path}, but there is no such file: correct it or unset it.':
      'CHROME_PATH 是 {path}，但没有这个文件：请改正或取消它。',
    'No Chromium, Chrome or Edge was found: install one, or set CHROME_PATH to its executable.':
      '没有找到 Chromium、Chrome 或 Edge：请安装一个，或把 CHROME_PATH 设为它的可执行文件。',
    'No Chromium, Chrome or Edge was found and none could be had ({failures}): install one, or set CHROME_PATH to its executable.':
      '没有找到 Chromium、Chrome 或 Edge，也没能取得（{failures}）：请安装一个，或把 CHROME_PATH 设为它的可执行文件。',
    '{path} did not start ({why}): run it by hand to see why, or set CHROME_PATH to another.':
      '{path} 没有启动（{why}）：请手动运行它查看原因，或把 CHROME_PATH 设为别的浏览器。',
    'A browser cannot choose a path on this machine: type it.': '浏览器不能选择本机上的路径：请直接输入。',

    // 模型文件
    'The model {name} is neither a folder with a config.json nor in models/ nor in the Hugging Face cache {cache}; put its config.json, tokenizer.json, tokenizer_config.json and *.safetensors into {folder}.':
      '模型 {name} 既不是含 config.json 的文件夹，也不在 models/ 或 Hugging Face 缓存 {cache} 中；请把它的 config.json、tokenizer.json、tokenizer_config.json 和 *.safetensors 放进 {folder}。',
    "The model {name} is not on this machine, and HF_HUB_OFFLINE forbids to download it; unset HF_HUB_OFFLINE, or put the model's files into {folder}.":
      '本机没有模型 {name}，而 HF_HUB_OFFLINE 禁止下载；请取消 HF_HUB_OFFLINE，或把模型的文件放进 {folder}。',
    'The model {name} is not on this machine, and its shape is not known before it is; put its config.json into {folder}, or name one of {names}.':
      '本机没有模型 {name}，在此之前不知道它的形状；请把它的 config.json 放进 {folder}，或改用 {names} 之一。',
    '{file} is missing; a model folder in Hugging Face layout is needed there.':
      '缺少 {file}；那里需要一个 Hugging Face 格式的模型文件夹。',
    '{file} is missing; convert pytorch_model.bin to safetensors.':
      '缺少 {file}；请把 pytorch_model.bin 转换成 safetensors。',
    "{file} is missing; copy it from the model's original folder.": '缺少 {file}；请从模型原来的文件夹复制过来。',
    '{file} is missing; copy it from where the model came from.': '缺少 {file}；请从模型的来源处复制过来。',
    '{file} cannot be read; copy it from where the model came from.': '无法读取 {file}；请从模型的来源处重新复制。',
    '{file} cannot be read: {detail}': '无法读取 {file}：{detail}',
    '{file} is not JSON ({detail}); copy it again from where it came from.':
      '{file} 不是 JSON（{detail}）；请从来源处重新复制。',
    '{file}: {issue}; this lab runs plain Qwen2 checkpoints only.':
      '{file}：{issue}；本实验室只能运行普通的 Qwen2 检查点。',
    '{file}: {issue}; only plain LoRA on the projections of Qwen2 is supported.':
      '{file}：{issue}；只支持 Qwen2 各投影上的普通 LoRA。',
    '{file}: {issue}; use the file that came with the Qwen2 model.': '{file}：{issue}；请使用 Qwen2 模型自带的文件。',
    '{file}: {issue}; copy it again.': '{file}：{issue}；请重新复制。',
    '{file} lacks the tensor {name}; copy the file again.': '{file} 缺少张量 {name}；请重新复制这个文件。',
    "{file}: {name} is [{shape}], but by the model's config.json it must be [{wanted}]; the files are of different models.":
      '{file}：{name} 的形状是 [{shape}]，而按模型的 config.json 必须是 [{wanted}]；这些文件属于不同的模型。',
    '{file} holds {name}, which a Qwen2 model has not; it belongs to another model.':
      '{file} 含有 Qwen2 模型没有的 {name}；它属于别的模型。',
    '{file}: {name} holds NaN or infinity; the training that wrote it had diverged.':
      '{file}：{name} 含有 NaN 或无穷大；写出它的训练已经发散。',
    '{file} is not a file; a safetensors file belongs there.': '{file} 不是文件；那里应当是一个 safetensors 文件。',
    '{file}: {name} is of dtype {dtype}; only F32, F16 and BF16 can be read, so convert the file to one of them.':
      '{file}：{name} 的类型是 {dtype}；只能读取 F32、F16 和 BF16，请把文件转换成其中之一。',
    '{file} became shorter while it was read; copy or download it again.': '{file} 在读取时变短了；请重新复制或下载。',
    '{file} is cut off after {size} bytes; copy or download it again.':
      '{file} 在 {size} 字节后中断；请重新复制或下载。',
    '{file} is cut off: its header has {header} bytes, the file {size}; copy or download it again.':
      '{file} 不完整：头部有 {header} 字节，文件只有 {size} 字节；请重新复制或下载。',
    '{file} is cut off: its tensors need {needed} bytes, the file has {size}; copy or download it again.':
      '{file} 不完整：张量需要 {needed} 字节，文件只有 {size} 字节；请重新复制或下载。',
    '{file} has {size} bytes after its last tensor; copy or download it again.':
      '{file} 在最后一个张量之后还有 {size} 字节；请重新复制或下载。',
    '{file} is not a safetensors file (its header would be over 100 MB); copy or download it again.':
      '{file} 不是 safetensors 文件（头部会超过 100 MB）；请重新复制或下载。',
    '{file} is not a safetensors file (its header is not JSON); copy or download it again.':
      '{file} 不是 safetensors 文件（头部不是 JSON）；请重新复制或下载。',
    '{file} is not a safetensors file (its header is not an object); copy or download it again.':
      '{file} 不是 safetensors 文件（头部不是对象）；请重新复制或下载。',
    '{file} has a bad header: {name}: {wrong}; copy or download it again.':
      '{file} 的头部有误：{name}：{wrong}；请重新复制或下载。',
    '{file} has a bad header: {name} [{shape}] {dtype} needs {needed} bytes, not {size}; copy or download it again.':
      '{file} 的头部有误：{name} [{shape}] {dtype} 需要 {needed} 字节，而不是 {size}；请重新复制或下载。',
    '{file} has a bad header: {name} overlaps another tensor; copy or download it again.':
      '{file} 的头部有误：{name} 与另一个张量重叠；请重新复制或下载。',
    '{file} has a bad header: {name} leaves a gap after another tensor; copy or download it again.':
      '{file} 的头部有误：{name} 与前一个张量之间有空隙；请重新复制或下载。',
    '{file}: the vocabulary lacks {count} of the 256 bytes, so it is not the byte-level BPE of a Qwen2 model; use the tokenizer.json that belongs to the model.':
      '{file}：词表缺少 256 个字节中的 {count} 个，因此不是 Qwen2 模型的字节级 BPE；请使用模型自带的 tokenizer.json。',
    '{file}: chat_template is missing; add it there or as chat_template.jinja beside it.':
      '{file}：缺少 chat_template；请加在其中，或在旁边放一个 chat_template.jinja。',
    '{file}: nothing says which token ends an answer; set eos_token to one of added_tokens.':
      '{file}：没有说明由哪个词元结束回答；请把 eos_token 设为 added_tokens 之一。',
    "The tokenizer has token ids up to {largest}, but the model's vocab_size is {size}: tokenizer.json and config.json are of different models; take both from one.":
      '分词器的词元编号到 {largest}，而模型的 vocab_size 是 {size}：tokenizer.json 与 config.json 属于不同的模型；请从同一个模型取两者。',
    "{file} is not a tokenizer that this lab can use: {detail}; copy the model's own tokenizer.json.":
      '{file} 不是本实验室能用的分词器：{detail}；请复制模型自带的 tokenizer.json。',
    'The chat template in {folder} failed ({detail}); use the one that came with the model.':
      '{folder} 中的聊天模板出错（{detail}）；请使用模型自带的模板。',

    'predict needs the page beside the instruction: the observation that reset or step of an environment gave, as its second argument.':
      'predict 除指令外还需要页面：请把环境的 reset 或 step 给出的观察作为第二个参数。',

    // Hugging Face Hub
    '{name} on the Hugging Face Hub has no safetensors; choose another model.':
      'Hugging Face Hub 上的 {name} 没有 safetensors；请选择别的模型。',
    '{name} on the Hugging Face Hub lost {file}; try again.': 'Hugging Face Hub 上的 {name} 少了 {file}；请再试一次。',
    'The Hugging Face Hub gives no hash of {file}; try again.':
      'Hugging Face Hub 没有给出 {file} 的哈希值；请再试一次。',
    '{file} broke off after {done} of {size} bytes; run it again to go on.':
      '{file} 在 {size} 字节中的 {done} 字节处中断；再次运行即可接着下载。',
    '{file} came with another hash than the Hugging Face Hub names; run it again.':
      '{file} 的哈希值与 Hugging Face Hub 给出的不同；请再次运行。',
    'The Hugging Face Hub has no model {name} that may be read without leave; check the name, or set HF_TOKEN to a token that may read it.':
      'Hugging Face Hub 上没有无需许可即可读取的模型 {name}；请检查名称，或把 HF_TOKEN 设为有权读取它的令牌。',
    'The Hugging Face Hub has no model {name}; check the name, which is owner/model.':
      'Hugging Face Hub 上没有模型 {name}；请检查名称，其形式为“所有者/模型”。',
    'The Hugging Face Hub answered with status {status} for {name}; try again later.':
      'Hugging Face Hub 对 {name} 的回应状态为 {status}；请稍后再试。',
    "{name} could not be downloaded: the Hugging Face Hub cannot be reached ({why}); check the network and run it again, or put the model's files into {folder}.":
      '无法下载 {name}：连接不上 Hugging Face Hub（{why}）；请检查网络后再次运行，或把模型的文件放进 {folder}。',

    // 引擎与机器
    'model.precision {precision} is of the native engine, and {engine} computes in fp32; set model.precision to auto, or model.engine to native.':
      'model.precision {precision} 只属于原生引擎，而 {engine} 以 fp32 计算；请把 model.precision 设为 auto，或把 model.engine 设为 native。',
    '{engine} holds weights in fp32, which takes {needed} for this model, and {free} of memory can be had; set model.engine to native, which holds them in 4 bits, or choose a smaller model.':
      '{engine} 以 fp32 存放权重，此模型需要 {needed}，而可用内存为 {free}；请把 model.engine 设为 native（以 4 位存放），或选择更小的模型。',
    '{engine} holds weights in fp32, which takes {needed} for this model, and {card} has {size}; set model.engine to native, which holds them in 4 bits, or choose a smaller model.':
      '{engine} 以 fp32 存放权重，此模型需要 {needed}，而 {card} 只有 {size}；请把 model.engine 设为 native（以 4 位存放），或选择更小的模型。',
    'The engine tfjs-node-gpu needs a package that is not installed; run npm install @tensorflow/tfjs-node-gpu@4.22.0, or set model.engine to auto.':
      '引擎 tfjs-node-gpu 需要的包没有安装；请运行 npm install @tensorflow/tfjs-node-gpu@4.22.0，或把 model.engine 设为 auto。',
    'The engine tfjs-node-gpu does not start ({detail}); set model.engine to auto.':
      '引擎 tfjs-node-gpu 没有启动（{detail}）；请把 model.engine 设为 auto。',
    'The native engine is not built ({file} is missing); run npm run build:native, or set engine: tfjs.':
      '原生引擎没有编译（缺少 {file}）；请运行 npm run build:native，或设置 engine: tfjs。',
    'The native engine does not load ({detail}); build it again with npm run build:native, or set engine: tfjs.':
      '原生引擎无法载入（{detail}）；请用 npm run build:native 重新编译，或设置 engine: tfjs。',
    'There is not enough memory: training needs about {total} ({memory}), {saving} more while a checkpoint is saved, and {free} can be had; {cure}.':
      '内存不足：训练约需 {total}（{memory}），保存检查点时另需 {saving}，现有 {free}；请{cure}。',
    'Node {version} is too old: 24 is needed; run `npm run setup`.':
      'Node {version} 太旧：需要 24；请运行 `npm run setup`。',
    '{folder}: {free} are free and {needed} are needed; free some space.':
      '{folder}：可用 {free}，需要 {needed}；请腾出空间。',
    '{folder}: {free} are free and {needed} are needed for the download of the model and what is made of it; free some space.':
      '{folder}：可用 {free}，下载模型及由它生成的文件需要 {needed}；请腾出空间。',
    '{free} of memory are free and {needed} are needed at the least; {cure}.':
      '可用内存 {free}，至少需要 {needed}；请{cure}。',

    // 存储与文件
    '{path}: the disk is full; free some space and try again.': '{path}：磁盘已满；请腾出空间后再试。',
    '{path}: no permission to write here; choose another path in config.yaml or change its owner.':
      '{path}：没有写入的权限；请在 config.yaml 中选择别的路径，或更改它的所有者。',
    '{path}: something else stands where this file belongs; move it or choose another path.':
      '{path}：这个文件的位置上有别的东西；请把它移走，或选择别的路径。',

    // 实况
    '{count} pages are open for you already: close one of them first.': '已经为你打开了 {count} 个页面：请先关闭一个。',
    'This page is no longer played on: choose another.': '这个页面上已不再进行：请选择别的。',
    'This page is not one of yours any more: record again.': '这个页面已不归你操作：请重新录制。',
    'The page of {task} cannot be had ({why}): try again.': '无法打开 {task} 的页面（{why}）：请再试一次。',
    'Seed {seed} is one of the {block} problems ({start} to {end}), and a policy that was shown them cannot be measured on them: record another seed.':
      '种子 {seed} 属于{block}的题目（{start} 至 {end}），看过这些题的策略不能再用它们测量：请录制别的种子。',
    'This episode is over: record another one.': '这个回合已经结束：请另录一个。',
    'The page shows no element with ref {ref} now.': '页面上现在没有编号为 {ref} 的元素；请选择列表里的。',
    'Solve the task first: only a success is worth keeping.': '请先完成任务：只有成功才值得保存。',

    // 实验室自己的错误
    'The lab made a mistake; its log has more.': '实验室出了错；详情在它的日志里。',
    'The lab made a mistake ({detail}); its log has more.': '实验室出了错（{detail}）；详情在它的日志里。',
    'The lab does not understand the request: {wrong}.': '实验室不明白这个请求：{wrong}。',
  },
  parts: {
    why: WHY,
    wrong: { ...ISSUES, '{key} {issue}': '{key} {issue}' },
    issue: { ...ISSUES, '{key}: {issue}': '{key}：{issue}' },
    failures: {
      '{how} failed: {why}': '{how}：{why}',
      '{how} failed: {why}; {failures}': '{how}：{why}；{failures}',
    },
    how: { 'the download of Chrome': '下载 Chrome' },
    work: {
      'moving the mouse': '移动鼠标',
      'the action': '动作',
      'the page’s answer': '页面的回应',
      'the picture': '截图',
      'opening a page': '打开页面',
      'loading the report': '载入报告',
      'printing the report': '打印报告',
      'asking for its version': '查询版本',
      'the download': '下载',
    },
    cure: {
      'close other programs, set model.precision to nf4, or choose a smaller model':
        '关闭其他程序，把 model.precision 设为 nf4，或选择更小的模型',
      'close other programs, or choose a smaller model': '关闭其他程序，或选择更小的模型',
      'what is resumed keeps its settings, so run `npx dpo-driver {program} --set {overrides}`':
        '运行 `npx dpo-driver {program} --set {overrides}`（继续的运行沿用原来的设置）',
    },
    memory: { '{piece} GB': '{piece} GB', '{piece} GB, {memory}': '{piece} GB，{memory}' },
    piece: {
      'weights {size}': '权重 {size}',
      'adapter {size}': '适配器 {size}',
      'optimizer {size}': '梯度与优化器 {size}',
      'cache {size}': '键和值的缓存 {size}',
      'activations {size}': '激活 {size}',
      'logits {size}': 'logits 张量 {size}',
      'process {size}': '实验室本身 {size}',
    },
    where: {
      ' of run {run}': '运行 {run} ',
      ' of round {round}': '第 {round} 轮',
      ' of round {round} of run {run}': '运行 {run} 的第 {round} 轮',
    },
    what: { preferences: '偏好对', episodes: '回合', metrics: '指标' },
    block: { evaluation: '评估', validation: '验证' },
    command: {
      verify: '检查',
      golden: '黄金样本',
      sft: 'SFT',
      collect: '采集',
      dpo: 'DPO',
      evaluate: '评估',
      retrain: '重新训练',
      pipeline: '整条流水线',
    },
    place: {
      'command line': '命令行',
      settings: '设置',
      'the file:{line}': '文件第 {line} 行',
    },
    groups: { '{group} or {groups}': '{group} 或 {groups}' },
    demand: DEMANDS,
  },
}

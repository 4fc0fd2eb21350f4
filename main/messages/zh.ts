/** 实验室的消息，中文。键与空位和 en.ts 相同。 */
import { translated } from './translated.ts'

export const CHINESE = translated({
  verbatim: '{{text}}',

  // 截短的长列表之末
  andMore_other: '另有 {{count}} 条。',

  // 外来的值应当怎样（config/demand.ts），接在值的名称之后。
  mustBe: '必须是{{what}}',
  aNumber: '数字',
  aWholeNumber: '整数',
  aText: '文字',
  trueOrFalse: ' true 或 false',
  aList: '列表',
  aGroupOfKeys: '一组键',
  oneValue: '“{{value}}”',
  oneOf: ' {{values}} 之一',
  oneOfPerhaps: ' {{values}} 之一（也许是 {{near}}）',
  atLeast: '不小于 {{limit}} 的数',
  moreThan: '大于 {{limit}} 的数',
  atMost: '不大于 {{limit}} 的数',
  lessThan: '小于 {{limit}} 的数',
  either: '{{first}}或{{second}}',
  mustNotBeEmptyList: '不能是空列表',
  mustNotBeEmpty: '不能为空',
  mustNotHave: '不能含有 {{keys}}',
  isMissing: '缺失',
  isWrong: '有误：{{detail}}',
  mustBeName: '只能用字母、数字、点、短横和下划线',
  mustBeOneLine: '必须是一行',
  mustBeRole: '必须是角色的名称',
  mustBeTrackingUri: '必须是 auto、file:<文件夹>，或跟踪服务器的 http 地址',
  mustDivideHiddenSize: '必须能把 hidden_size 等分为偶数维',
  mustDivideAttentionHeads: '必须整除 num_attention_heads',
  mustBeEven: '必须是偶数',
  mustBeFamily: '必须是 qwen2、qwen3 或 llama',
  biasUnsupported: '必须是 false，因为只支持 Qwen2 所具有的偏置',
  mustExceedLowFactor: '必须大于 low_freq_factor',
  mustBeOneScaling: '必须与 rope_parameters 一致',
  slidingWindowUnsupported: '必须是 false，因为不支持滑动窗口注意力',
  mustHaveAllLayers: '必须为 num_hidden_layers 中的每一层各有一项',
  mustBeOneTheta: '必须与 rope_parameters 和 rope_scaling 中的相同',
  mustHaveTheta: '必须有 rope_theta',
  mustBeCausalLm: '必须是所属系列中以 ForCausalLM 结尾的类，其他种类没有词表上的输出层',
  quantizedUnsupported:
    '必须不存在，因为实验室不能读取已量化的权重；请使用量化之前的模型（实验室自己可以用 4 位保存它）',
  mustBeSafetensorsName: '必须是 safetensors 文件的名称',

  // 配置
  commandLine: '命令行',
  settings: '设置',
  configUnreadable: '{{path}}：无法读取配置（{{code}}）；请用 --config_path 指定另一个文件。',
  configNotYaml: '{{path}}:{{line}}：这不是有效的 YAML：{{reason}}。',
  configNotAMap: '{{path}}:1：配置应当由“键: 值”的行组成。',
  configValueWrong: '{{place}}：{{key}} {{demand}}，现在是 {{value}}。',
  unknownKeyNear: '{{place}}：没有设置 {{key}}，也许是 {{near}}。',
  unknownKeyElsewhere: '{{place}}：没有设置 {{key}}，它应当放在 {{groups}} 之下。',
  unknownKeyInFile: '{{place}}：没有设置 {{key}}；文件里可以有 {{keys}}。',
  unknownKeyInGroup: '{{place}}：没有设置 {{key}}；{{group}} 里可以有 {{keys}}。',
  overrideNotKeyValue: '命令行：--set 的形式是 键=值，例如 training.dpo.beta=0.2，而不是“{{assignment}}”。',
  overrideNotYaml: '命令行：--set {{assignment}} 的值不是有效的 YAML。',
  seedsShared:
    '{{path}}：{{key}} 的种子（{{start}} 至 {{end}}）与 {{next}} 的种子（从 {{nextStart}} 起）重叠。这样就会用训练过的题目来评测；请移动其中一段。',
  givenOnCommandLine: '设置：{{key}} 已在命令行给出，命令行优先于文件；请去掉它再启动。',

  // 文件
  fileReadOnly: '{{path}} 是只读的；请让它可写，或指定别的文件。',
  fileHeld: '另一个进程正在向 {{path}} 添加内容；请重试。如果没有，请删除 {{lock}}。',
  diskFull: '{{path}}：磁盘已满；请腾出空间后再试。',
  noPermissionToWrite: '{{path}}：没有写入的权限；请在 config.yaml 中选择别的路径，或更改它的所有者。',
  fileInTheWay: '{{path}}：这个位置已被别的东西占用；请把它移走，或选择别的路径。',
  fileTooLarge: '{{path}}：系统不允许这里有更大的文件；请放宽限制（ulimit -f），或选择别的位置。',
  pipeWithoutReader: '{{path}} 是没有人读取的管道；请给出一个文件。',
  unwritable: '{{path}} 无法写入（{{code}}）；请选择别的路径。',

  // 存储
  storeNewer: '{{path}}：这个存储是由更新版本的实验室写的；请更新实验室，或设置 paths.store。',
  storeHeld: '{{path}}：另一个程序占用着这个存储；请关闭它再试。',
  storeNotWritable: '{{path}}：无法以写入方式打开存储；请把 paths.store 设为可以写入的位置。',
  storeNotAFile: '{{path}}：存储的位置上是别的东西，不是文件；请把它移走，或设置 paths.store。',
  storeHasTwoNames:
    '{{path}}：这个存储还有另一个名字（硬链接），用两个名字打开会损坏它；请删除其中一个名字，或复制这个文件。',
  storeDiskFails:
    '{{path}}：磁盘不接受存储写入的内容（{{reason}}）；请检查文件大小的限制（ulimit -f）、剩余空间和磁盘是否损坏。',
  storeValueDamaged:
    '存储已损坏，或由另一版本的实验室写成：{{column}} 的值是“{{value}}”。请使用存储的副本，或把 paths.store 设为别的位置。',
  storeDamaged: '{{path}}：这个文件不是实验室的存储，或已损坏；请把它移走，或设置 paths.store。',
  storeAtWork: '{{path}}：另一条命令正在使用这个存储；请等它结束，或用 DPO_DRIVER_HOME 给出另一个文件夹，在那里运行。',
  runOfOtherVersion: '{{path}}：运行 {{run}} 是由另一版本的实验室产生的（{{key}}）；请把这个存储移走。',

  // 模型文件
  fileUnreadable: '无法读取 {{file}}：{{reason}}',
  fileNotJson: '{{file}} 不是 JSON（{{reason}}）；请从原处重新复制。',
  fileWrong: '{{file}} {{demand}}；{{cure}}。',
  fileKeyWrong: '{{file}}：{{key}} {{demand}}；{{cure}}。',
  familiesOnly:
    '本实验室能运行 Qwen2、Qwen2.5、不带专家的 Qwen3，以及 SmolLM2 等 Llama 型模型，须是 transformers 写出的格式',
  familyNotComputed: '引擎还不能计算 {{type}} 类型的模型；请使用 Qwen2 或 Qwen2.5。',
  plainLoraOnly: '本实验室只支持 Qwen2 各投影上的普通 LoRA',
  useQwen2Tokenizer: '请使用 Qwen2 模型自带的文件',
  copyAgain: '请重新复制',
  configJsonMissing: '缺少 {{file}}；它所在的文件夹必须是 Hugging Face 格式的模型。',
  weightsMissing: '缺少 {{file}}；请从模型原来的文件夹复制过来。',
  weightsInPickle: '缺少 {{file}}；请把 pytorch_model.bin 转换成 safetensors。',
  tensorMissing: '{{file}} 缺少张量 {{name}}；请重新复制这个文件。',
  configDisagrees: '{{config}} 中的 {{key}} 是 {{value}}，而 {{file}} 有 {{found}}；请使用属于这些权重的 config.json。',
  headMissing:
    '{{config}} 没有把输出层与词嵌入共用，而 {{file}} 没有 lm_head.weight；如果模型共用两者，请把 tie_word_embeddings 设为 true，否则请重新复制文件。',
  headOfItsOwn:
    '{{file}} 把输出层与词嵌入共用，但 lm_head.weight 与词嵌入不同；与 transformers 5 一样，使用 lm_head.weight',
  tensorShapeWrong:
    '{{file}}：{{name}} 的形状是 [{{shape}}]，而模型的 config.json 要求 [{{wanted}}]；这些文件属于不同的模型。',
  tensorUnknown: '{{file}} 含有这个系列的模型没有的 {{name}}；这个文件属于别的模型。',
  tensorNotFinite: '{{file}}：{{name}} 含有 NaN 或无穷大；写出它的训练已经发散。',
  safetensorsMissing: '缺少 {{file}}；请从模型的来源处复制过来。',
  safetensorsUnreadable: '无法读取 {{file}}（{{code}}）；请从模型的来源处重新复制。',
  safetensorsNotAFile: '{{file}} 不是文件；那里应当是一个 safetensors 文件。',
  safetensorsCutOff: '{{file}} 在 {{size}} 字节后中断；请重新复制或下载。',
  safetensorsHeaderCutOff: '{{file}} 不完整：头部有 {{header}} 字节，文件只有 {{size}} 字节；请重新复制或下载。',
  safetensorsTensorsCutOff: '{{file}} 不完整：张量需要 {{needed}} 字节，文件只有 {{size}} 字节；请重新复制或下载。',
  safetensorsTrailing: '{{file}} 在最后一个张量之后还有 {{size}} 字节；请重新复制或下载。',
  safetensorsHeaderTooLong: '{{file}} 不是 safetensors 文件（头部会超过 100 MB）；请重新复制或下载。',
  safetensorsHeaderNotJson: '{{file}} 不是 safetensors 文件（头部不是 JSON）；请重新复制或下载。',
  safetensorsHeaderNotObject: '{{file}} 不是 safetensors 文件（头部不是对象）；请重新复制或下载。',
  safetensorsEntryWrong: '{{file}} 的头部有误：{{name}} {{demand}}；请重新复制或下载。',
  safetensorsEntryKeyWrong: '{{file}} 的头部有误：{{name}}：{{key}} {{demand}}；请重新复制或下载。',
  safetensorsEntrySize:
    '{{file}} 的头部有误：{{name}} [{{shape}}] {{dtype}} 需要 {{needed}} 字节，而不是 {{size}}；请重新复制或下载。',
  safetensorsOverlap: '{{file}} 的头部有误：{{name}} 与另一个张量重叠；请重新复制或下载。',
  safetensorsGap: '{{file}} 的头部有误：{{name}} 与前一个张量之间有空隙；请重新复制或下载。',
  safetensorsShrank: '{{file}} 在读取时变短了；请重新复制或下载。',
  dtypeUnsupported: '{{file}}：{{name}} 的类型是 {{dtype}}；只能读取 F32、F16 和 BF16，请把文件转换成其中之一。',
  tokenizerFileMissing: '缺少 {{file}}；请从模型原来的文件夹复制过来。',
  tokenizerUnusable: '{{file}} 不是本实验室能用的分词器：{{reason}}；请复制模型自带的 tokenizer.json。',
  vocabularyLacksBytes:
    '{{file}}：词表缺少 256 个字节中的 {{missing}} 个，因此不是 Qwen2 模型的字节级 BPE；请使用模型自带的 tokenizer.json。',
  addedTokenElsewhere:
    '{{file}}：added_tokens_decoder 给 {{token}} 的编号是 {{id}}，而 tokenizer.json 不是；请从同一个模型取这两个文件。',
  preTokenizerOfAnother:
    '{{file}}：预分词器把词表中 {{tried}} 个词元里的 {{apart}} 个（例如 {{example}}）切开，因此模型训练时用的是另一个预分词器；transformers 5 保存 qwen2 类型的模型时会写出这样的文件。请复制原来的 tokenizer.json。',
  chatTemplateMissing: '{{file}}：缺少 chat_template；请加在其中，或在旁边放一个 chat_template.jinja。',
  chatTemplateSilent: '模型的 chat template 漏掉了用户的消息，只写出 {{text}}；请使用模型自带的那个。',
  chatTemplateFailed: '{{folder}} 中的聊天模板出错（{{reason}}）；请使用模型自带的模板。',
  templateTooSlow: '它运行不完',
  templateTooLong: '它嵌套太深，或写出的文本太长',
  templateRange: 'range() 超过 100,000 个数',
  templateBroken: '它不是完整的模板',
  stopTokenMissing: '{{file}}：没有说明由哪个词元结束回答；请把 eos_token 设为 added_tokens 之一。',
  vocabularyTooLarge:
    '分词器的词元编号到 {{largest}}，而模型的 vocab_size 是 {{size}}：tokenizer.json 与 config.json 属于不同的模型；请从同一个模型取两者。',
  adapterConfigMissing: '缺少 {{file}}；请指定按 PEFT 格式存放的 LoRA 适配器文件夹。',
  adapterInPickle:
    '缺少 {{file}}，而 adapter_model.bin（pickle）在读取时可能执行代码；请在 PEFT 中加载适配器，再用 save_pretrained 保存，它会写出 safetensors。',
  adapterInSubfolder: '{{folder}} 里没有 adapter_config.json，但子文件夹里有适配器：{{within}}；请指定其中一个文件夹。',
  makesOtherAdapter: '表示这是另一种适配器（{{method}}）',
  plainLoraOrMerged:
    '本实验室只支持普通 LoRA；请在 PEFT 中用 merge_and_unload 合并，再把合并后的模型用作基础模型，或训练普通 LoRA',
  adapterInitConvertible:
    '{{file}}：init_lora_weights 是 {{init}}，PEFT 在训练前改动了基础模型，适配器属于改动后的模型；请在 PEFT 中用 save_pretrained(TO, path_initial_model_for_weight_conversion=FIRST) 另存为普通 LoRA，FIRST 是训练前保存的适配器目录。',
  adapterInitChangesBase:
    '{{file}}：init_lora_weights 是 {{init}}，PEFT 在训练前改动了基础模型，适配器属于改动后的模型；请在 PEFT 中用 merge_and_unload 合并两者，再把合并后的模型用作基础模型。',
  adapterInitUnknown:
    '{{file}}：init_lora_weights 是 {{init}}，本实验室不认识它，它可能在训练前改动了基础模型；请在 PEFT 中用 merge_and_unload 合并两者，再把合并后的模型用作基础模型。',
  adapterPattern: '{{file}}：{{key}} 里有本实验室读不了或耗时过长的正则表达式；请改写为模块的名称。',
  adapterTensorOfMethod:
    '{{file}} 里有 {{name}}，所以它是另一种适配器（{{method}}）；本实验室只支持普通 LoRA。请在 PEFT 中用 merge_and_unload 合并，再把合并后的模型用作基础模型，或训练普通 LoRA。',
  adapterPrefixMissing:
    '{{file}}：{{name}} 没有前缀 {{prefix}}，PEFT 会忽略这样的张量；请用 PEFT 的 save_pretrained 保存适配器。',
  adapterSeveral:
    '{{file}} 里有几个适配器的张量（{{names}}）；请在 PEFT 中用 save_pretrained(TO, selected_adapters=[NAME]) 只保存一个。',
  adapterEmpty: '{{file}} 里没有 LoRA 权重；请重新复制该文件，或在 PEFT 中重新保存适配器。',
  adapterOtherDepth: '{{file}} 作用于 {{module}}，而基础模型只有 {{layers}} 层；适配器属于另一个模型。',
  adapterOtherModule:
    '{{file}} 作用于 {{module}}；本实验室只支持 Qwen2 各投影层上的 LoRA。请在 PEFT 中用 merge_and_unload 合并，再把合并后的模型用作基础模型。',
  adapterStrangeModule: '{{file}} 作用于 {{module}}，Qwen2 模型里没有它；适配器属于另一个模型。',
  adapterUntargeted:
    '{{file}} 里有 {{name}}，但 {{config}} 没有把它列为目标，PEFT 会忽略它；请从同一次训练取这两个文件。',
  adapterModulesMissing_other:
    'adapter_config.json 所列的模块中有 {{count}} 个在 {{file}} 里没有权重（第一个是 {{name}}）；它们与基础模型里一样。',
  adapterTensorNotGathered:
    '{{file}}：{{name}} 是空的或不是矩阵；训练（DeepSpeed ZeRO-3 或 FSDP）只保存了它的一部分，请先汇集权重再保存。',
  adapterShapeWrong:
    '{{file}}：{{name}} 是 [{{shape}}]，而基础模型与 adapter_config.json 要求 [{{wanted}}]；这些文件属于不同的模型。',
  adapterTooLarge:
    '{{file}}：缩放系数是 {{scale}}，{{module}} 的权重大得无法计算；请检查 adapter_config.json 里的 r、lora_alpha 和 alpha_pattern。',
  adapterOtherWeights:
    '{{file}} 是在别的权重（{{trained}}）上训练的，不是 {{base}} 的权重；请在 model.base_model_name 里写它自己的基础模型，或换一个适配器。',
  adapterOtherName:
    '{{file}} 说适配器是在 {{trained}} 上训练的，而这里的基础模型是 {{base}}；如果两者是不同的模型，它的回答就没有意义。',
  adapterTensorUnknown:
    '{{file}} 里有 {{name}}，它既不是 LoRA，也不是这个 Qwen2 模型的权重；这是另一种适配器，或属于另一个模型。',
  adapterOtherVocabulary:
    '{{file}} 里的 {{name}} 有 {{rows}} 个词元，而基础模型有 {{vocabulary}} 个：训练前改过词表大小。请在 PEFT 中用 merge_and_unload 合并两者，再把合并后的模型用作基础模型。',
  adapterSavedWeights:
    '{{file}} 里有 {{name}}，它与 LoRA 一起训练过，与基础模型的不同；适配器在这里只加上 LoRA。请用 `npx dpo-driver merge` 合并两者，再把合并后的模型用作基础模型。',
  adapterSavedTied:
    '{{file}} 里有 {{name}}，但基础模型的嵌入层和输出层是同一个矩阵（tie_word_embeddings），而适配器分别训练了它们；请在 PEFT 中用 merge_and_unload 合并两者，把它的 config.tie_word_embeddings 设为 False，再把保存的模型用作基础模型。',
  adapterSavedMissing: '{{config}} 说 {{module}} 训练过（{{key}}），但 {{file}} 里没有它；请在 PEFT 中重新保存适配器。',
  mergeOntoInput: '{{folder}} 里是基础模型或适配器；请为合并后的模型选择别的文件夹。',
  mergeTargetTaken: '{{folder}} 已经存在且不是空文件夹；请换一个，或把它移走。',

  // Network
  throughProxy: '经由代理 {{proxy}}：{{reason}}',
  proxyUnreadable: '{{variable}} 不是代理的地址；请写成 http://主机:端口。',
  proxyUnsupported: '{{variable}} 写的是 {{proxy}}，而实验室只能使用 http 和 https 代理；请写成 http://主机:端口。',

  // Hugging Face Hub
  hubNoSafetensors: 'Hugging Face Hub 上的 {{name}} 没有 safetensors；请选择别的模型。',
  hubOtherWeights:
    'Hugging Face Hub 上的 {{name}} 没有 {{wanted}}，只有 {{files}}；请选择有 safetensors 的模型，或转换它。',
  hubAdapter: 'Hugging Face Hub 上的 {{name}} 是适配器，不是模型；请写它的基座模型，并把适配器复制到配置中的路径。',
  hubLacksFile: 'Hugging Face Hub 上的 {{name}} 没有实验室需要的 {{file}}；请选择别的模型。',
  hubDiskShort:
    '{{name}} 还需要 {{folder}} 中的 {{needed}}，而可用空间为 {{free}}；请腾出空间，或把 HF_HOME 设到别的磁盘。',
  hubGated:
    'Hugging Face Hub 上的 {{name}} 附有条件；请在 {{page}} 接受条件，然后设置 HF_TOKEN 或运行 `hf auth login`。',
  hubTokenRefused:
    'Hugging Face Hub 上的 {{name}} 受到限制，或并不存在，而您的令牌无权读取它；请检查名称，以及 HF_TOKEN 或 `hf auth login`。',
  hubTokenWrong: '{{source}} 中的内容不是令牌；请用 `hf auth login` 重新登录，或设置 HF_TOKEN。',
  hubEndpointWrong:
    'HF_ENDPOINT 不是 Hugging Face Hub 的地址；请写成 https://主机 或 https://主机:端口，例如 https://huggingface.co。',
  byEndpoint: 'HF_ENDPOINT 是 {{address}}：{{reason}}',
  hubOddAnswer: '{{address}} 的回应与 Hugging Face Hub 不同（{{reason}}）；请检查 HF_ENDPOINT，以及网络是否要求登录。',
  hubFileLost: 'Hugging Face Hub 上的 {{name}} 已没有 {{file}}；请再试一次。',
  hubNoHash: 'Hugging Face Hub 没有给出 {{file}} 的哈希值；请再试一次。',
  downloadBrokeOff: '{{file}} 下载到 {{done}} 字节（共 {{size}} 字节）时中断；再次运行命令即可继续。',
  downloadHashWrong: '下载的 {{file}} 的哈希值与 Hugging Face Hub 给出的不同；请再次运行命令。',
  hubForbidden: 'Hugging Face Hub 上的 {{name}} 受到限制，或并不存在；请检查名称，或把 HF_TOKEN 设为有权读取它的令牌。',
  hubNoModel: 'Hugging Face Hub 上没有模型 {{name}}；请检查名称，其形式为“所有者/模型”。',
  hubStatus: 'Hugging Face Hub 对 {{name}} 的回应状态为 {{status}}；请稍后再试。',
  hubUnreachable:
    '无法下载 {{name}}：连接不上 Hugging Face Hub（{{reason}}）；请检查网络后再次运行命令，或把模型的文件放进 {{folder}}。',
  hubNoByte: '{{milliseconds}} 毫秒没有收到数据',
  hubNoAnswer: '{{milliseconds}} 毫秒没有得到回应',

  // 引擎
  theBaseModel: '基础模型',
  theAdapter: '适配器 {{name}}',
  theOptimizerState: '优化器状态',
  nativeEngine: '原生，{{kernels}}，{{threads}}',
  nativeEngineFrozen: '原生，{{kernels}}，{{threads}}；权重 {{precision}}，嵌入与输出层 {{head}}',
  kernelsPortable: '通用指令',
  kernelsPortable64: '通用指令，双精度',
  kernelsAvx2: 'AVX2',
  kernelsAvx512: 'AVX-512',
  kernelsAvx512Bf16: 'AVX-512，乘积用 bf16',
  kernelsAmx: 'AVX-512，乘积由 AMX 用 bf16 计算',
  kernelsAmxSlower: 'AVX-512，乘积用 bf16（AMX 在此机器上更慢）',
  kernelsAmxWrong: 'AVX-512，乘积用 bf16（AMX 在此机器上结果不对）',
  threads_other: '{{count}} 个线程',
  tfjsWasm: 'TensorFlow.js，运行于 WebAssembly，{{threads}}',
  tfjsCpu: 'TensorFlow.js，运行于纯 JavaScript，{{threads}}',
  tfjsCard: 'TensorFlow.js，运行于 libtensorflow，使用 NVIDIA 显卡',
  tfjsProcessor: 'TensorFlow.js，运行于 libtensorflow，使用处理器，因为 CUDA 11 没有找到显卡',
  engineNoted: '{{engine}}；{{note}}',
  wasmDoesNotStart: 'WebAssembly 更快，但没有启动（{{reason}}）',
  chosenWithoutNative: '训练比用原生引擎慢许多倍。{{problem}}',
  modelOffline: '本机没有模型 {{name}}，而 {{variable}} 禁止下载；请取消 {{variable}}，或把模型的文件放进 {{folder}}。',
  modelPartial:
    'Hugging Face 缓存中的模型 {{name}} 不完整：{{snapshot}} 缺少 {{missing}}；请把这些文件复制到那里，或把整个模型放进 {{folder}}。',
  fileDamaged: '{{file}}（那里的文件已损坏）',
  modelPartialOffline:
    'Hugging Face 缓存中的模型 {{name}} 不完整：{{snapshot}} 缺少 {{missing}}，而 {{variable}} 禁止下载；请取消 {{variable}}，或把模型的文件放进 {{folder}}。',
  modelMissing:
    '模型 {{name}} 既不是含 config.json 的文件夹，也不在 models/ 或 Hugging Face 缓存 {{cache}} 中；请把它的 config.json、tokenizer.json、tokenizer_config.json 和 *.safetensors 放进 {{folder}}。',
  modelOtherFamily: '{{family}} 系列，本实验室不能运行',
  modelLacks: '不完整，缺少 {{missing}}',
  modelKeyUnsupported: 'config.json 的 {{key}} {{demand}}',
  modelQuantized: '权重已经量化；请使用量化之前的模型',
  modelUnreadable: '无法读取其 config.json',
  modelWithoutWeights: 'Ollama 保存其权重的格式，本实验室不能读取',
  modelShapeUnknown:
    '本机没有模型 {{name}}，因此不知道它的形状；请把它的 config.json 放进 {{folder}}，或改用 {{known}} 之一。',
  nativeNotBuilt: '原生引擎没有编译（缺少 {{file}}）；请运行 npm run build:native，或把 model.engine 设为 tfjs。',
  nativeOutdated:
    '原生引擎（{{file}}）不是用现在的源代码构建的；请用 npm run build:native 重新构建，或把 model.engine 设为 tfjs。',
  nativeDoesNotLoad:
    '原生引擎无法载入（{{reason}}）；请用 npm run build:native 重新编译，或把 model.engine 设为 tfjs。',
  precisionNeedsNative:
    '只有原生引擎支持 model.precision {{precision}}，而 {{engine}} 以 fp32 计算。请把 model.precision 设为 auto，或把 model.engine 设为 native。',
  nodeGpuNotInstalled:
    '引擎 tfjs-node-gpu 需要的包没有安装；请运行 npm install {{package}}，或把 model.engine 设为 auto。',
  nodeGpuDoesNotStart: '引擎 tfjs-node-gpu 没有启动（{{reason}}）；请把 model.engine 设为 auto。',
  fp32OverMemory:
    '{{engine}} 以 fp32 存放权重，此模型需要 {{needed}}，而可用内存只有 {{free}}；请把 model.engine 设为 native（以 4 位存放），或选择更小的模型。',
  fp32OverCard:
    '{{engine}} 以 fp32 存放权重，此模型需要 {{needed}}，而 {{card}} 只有 {{size}}；请把 model.engine 设为 native（以 4 位存放），或选择更小的模型。',

  gradientNotFinite: '梯度中有 NaN 或无穷大，因此这一步没有更新：训练已发散。请以更低的学习率开始一次新的运行。',
  logitsNotFinite:
    '模型算出的下一个词元的概率是 NaN 或无穷大：训练其适配器时已发散，或检查点已损坏。请以更低的学习率重新训练，或重新复制检查点。',
  tfjsOutOfMemory:
    'TensorFlow.js 的内存不足以一次计算 {{tokens}} 个词元（{{reason}}）；请把 model.engine 设为 native，用 training.sft.max_length 与 training.dpo.max_length 截断训练序列，或用 environment.max_chars 限制页面。',
  tfjsDidNotStart: 'TensorFlow.js 的后端 {{backend}} 没有启动；请把 model.engine 设为 auto。',
  sequenceTooLong: '一个序列有 {{tokens}} 个词元，而模型最多接受 {{limit}} 个（max_position_embeddings）；请缩短文字。',
  promptTooLong:
    '提示有 {{tokens}} 个词元，回答最多 {{max_new_tokens}} 个，而模型总共最多接受 {{limit}} 个；请给它更短的页面，或降低 max_new_tokens。',

  // 偏好对与样本的文件
  mustBeMessages: '必须是文字或消息的列表',
  mustBeAnswer: '必须是文字，或以 assistant 消息结尾的消息列表',
  mustBeEmpty: '必须为空，因为实验室只用文字训练',
  mustBeWeightOne: '必须为 1 或不写，因为实验室以相同的权重训练每个回答',
  isMessagesAsText: '把消息写成了文字，但不是 JSON；请写成列表，在 Python 中用 json.dumps 而不是 str',
  mustBeginWithPrompt: '必须以提示（prompt）的消息开头，再加一条回答',
  mustHaveOneAnswer: '只能有一条 assistant 消息，且在最后；请为每个回答写一行',
  mustEndWithUser: '必须以 user 消息结尾',
  mustStandOnce: '出现了两次',
  hasTemplateMarks: '带有聊天模板的标记；请只给 user 的文字，或给出消息的列表',
  hasManyRows: '含有多行；请每行写一个对象（pandas：orient=records, lines=True）',
  mustBeNamedPrompt: '不会被读取；请把它命名为 prompt',
  isUnpaired: '属于未配对的回答；DPO 从偏好对学习，需要 prompt、chosen 和 rejected',
  isNoPair: '不属于偏好对；偏好对有 prompt、chosen 和 rejected',
  isOfPair: '属于偏好对；黄金样本有 prompt 和 completion，或 messages',
  isNoSample: '不会被读取；黄金样本有 prompt 和 completion，或 messages',
  isAnswerToAvoid: '为 false：这是要避免的回答，而黄金样本是要模仿的',
  dataOfKind: '{{path}} 是 {{kind}} 格式的文件；请写成 JSON，每行一个对象。',
  kindUtf16: 'UTF-16',
  dataNotUtf8: '{{place}}：这一行不是 UTF-8；请以 UTF-8 保存文件。',
  dataTooLarge: '{{path}} 有 {{size}} MB，而实验室读取的数据文件不超过 {{limit}} MB；请拆分它，或去掉一些列。',
  mustBeUserMessage: '必须是一条 user 消息，之前可以有实验室的 system 消息',
  goldenIsList:
    "{{path}} 是一个 JSON 列表，而实验室按行添加样本。请每行写一个对象：jq -c '.[]' {{path}} > lines.jsonl，并把 paths.sft_data 设为该文件。",
  pairsAlike_other: '{{file}}：有 {{count}} 对的优选与劣选是同样的文字，已跳过（第 {{lines}} 行）',
  linesMore: '另外 {{count}} 行',
  dataIsFolder: '{{path}} 是文件夹；请指定 JSON Lines 文件。datasets 的 to_json 可以写出。',
  dataIsPointer: '{{path}} 是 Git LFS 的指针，不是数据；请用 git lfs pull 取得数据。',
  sameWrong_other: '{{file}}：另外 {{count}} 行有同样的错误',
  notJsonLines: '{{file}} 不是 JSON Lines；请每行写一个 JSON 对象。',
  hasOtherSystem: '带有与实验室不同的 system 消息，而智能体总是使用实验室的；请删除该消息',
  dataUnreadable: '无法读取 {{path}}（{{code}}）；请指定别的文件，或更改它的所有者。',
  lineNotJson: '{{place}}：这一行不是完整的 JSON；请改正或删除它。',
  lineWrong: '{{place}}：这一行{{demand}}；请改正或删除它。',
  lineKeyWrong: '{{place}}：{{key}} {{demand}}；请改正或删除这一行。',

  // 偏好对
  pairName: '偏好对 {{id}}（{{task}}，种子 {{seed}}，第 {{step}} 步）',
  pairEdited: '{{place}}：{{pair}}的 {{texts}} 已更改',
  pairSwapped: '{{place}}：{{pair}}的 chosen 与 rejected 已对调',
  chosenDoubt: '智能体无法按这个回答行动：{{why}}。',
  chosenUnreadable_other:
    '{{file}}：智能体无法按其中 {{count}} 对的优选回答行动（第 {{lines}} 行；第一处：{{why}}）。训练仍会使用它们。',
  pairKept: '{{place}}：{{pair}}重新保留',
  pairAdded: '{{place}}：新增{{pair}}',
  columnsChanged_other: '{{file}}：更改了 {{count}} 对的自有键（第 {{lines}} 行）',
  pairDropped: '{{file}} 中没有{{pair}}的行：已剔除',
  pairsImported:
    '{{file}}：新增 {{added}} 对，更改 {{changed}} 对，剔除 {{dropped}} 对，{{same}} 对不变；写入运行 {{run}} 的第 {{round}} 轮。',
  pairsImportedNothing: '{{file}} 没有带来任何更改：运行 {{run}} 的第 {{round}} 轮已有这些偏好对。',
  fileChanged: '{{path}} 被手工改过。以下更改导入运行 {{run}} 的第 {{round}} 轮：',
  fileTaken_other: '{{path}} 不是这个存储里任何运行的导出：其中 {{count}} 个偏好对作为运行 {{run}} 的采集结果导入。',
  fileWithoutPairs: '{{file}} 里没有偏好对；请先导出一些，或选择别的文件。',
  preferencesMissing: '{{path}} 不存在；请运行采集阶段，或设置 paths.preference_data。',
  preferencesCopied: '{{path}} 里有这个存储的运行没有写过的行。它的副本保存在 {{copy}}。',
  importMissing: '{{file}} 不存在；请指定 TRL 偏好格式的文件。',
  noRoundToImport:
    '没有可供导入的偏好对；`npx dpo-driver collect` 会采集偏好对；要用别处写的偏好对训练，请把 paths.preference_data 设为那个文件，再运行 `npx dpo-driver dpo`。',
  noSuchRoundToImport: '{{names}}：没有这样的偏好对可供导入；`npx dpo-driver runs` 列出各次运行。',
  noPairChosen: '没有选中偏好对；请选择一对或多对。',
  noSuchPair: '偏好对 {{pair}} 已不存在；请重新载入列表。',
  pairsOfDifferentRounds: '这些偏好对属于不同的轮；请每次只更正同一轮的。',
  answerEmpty: '偏好对 {{pair}}：回答不能为空；不要它就请剔除这一对。',
  answersSame: '偏好对 {{pair}}：优选与劣选是同样的文字；请更改其中之一，或剔除这一对。',
  allPairsDropped: '运行 {{run}} 的偏好对已全部被人工剔除；请保留一些，或重新采集。',
  trainingSetLost: '存储中已没有运行 {{run}} 开始训练时所用的偏好对；请去掉 --resume 重新开始。',
  noPairsAllFailed:
    '这些尝试没有产生可学的偏好对：没有一次成功；请让 SFT 训练更久或用更多黄金样本，降低 collect.temperature，或选择更容易的任务。',
  noPairsAllSolved: '这些尝试没有产生可学的偏好对：没有一次失败；请选择更难的任务，或提高 collect.temperature。',
  noPairsAllAlike:
    '这些尝试没有产生可学的偏好对：没有哪道题既有成功又有失败，而且动作不同；请提高 collect.attempts 或 collect.temperature。',
  noPairsOnlySlips:
    '这些尝试没有产生可学的偏好对：失败都是采样的偶然失误，远不如成功可能；请选择更难的任务，或提高 collect.attempts。',
  firstRoundWithoutPairs: '{{why}}恢复的运行会得到同样的尝试，因此请开始一次新的运行。',
  laterRoundWithoutPairs: '{{why}}因此各轮到此为止，第 {{round}} 轮之后的策略保留。',
  scoringWhileRunning: '有运行正在使用机器；请等它结束后再试。',

  // 训练
  goldenSamples: '黄金样本',
  heldOutSamples: '留出的黄金样本',
  preferencePairs: '偏好对',
  successSteps: '自身成功的步骤',
  stepOfSuccess: '智能体在 {{task}}（种子 {{seed}}）上成功的一步',
  sequenceOverModel:
    '{{place}}：提示与回答共 {{tokens}} 个词元，而模型最多接受 {{limit}} 个。请缩短或删除它；或开始一次新的运行并设 {{key}}={{limit}}，它会像 TRL 那样截断。',
  allTooLong:
    '{{key}} 是 {{max_length}}，一个{{what}}也不剩：每个提示本身就有这么长。请开始一次新的运行，并设更大的 {{key}}。',
  truncated:
    '{{key}} 是 {{max_length}}：{{of}} 个{{what}}中，{{cut}} 个截断到此长度，{{dropped}} 个因提示本身就有这么长而未用。',
  trainingCheckpointDamaged: '这次训练的检查点已损坏（{{why}}）。请删除 {{path}}，训练会从头开始。',
  lossNotFinite: '损失在第 {{step}} 步变成了 {{loss}}：训练已发散。请以更低的学习率开始一次新的运行。',
  weightsNotFinite: '第 {{step}} 步之后权重中有 NaN 或无穷大：训练已发散。请以更低的学习率开始一次新的运行。',
  referenceNotFinite: '参考策略给出的概率不是有限的数：训练它时已发散。请以更低的学习率重新训练它。',

  // 各阶段的消息。（main/lab.ts、main/pipeline）
  configChanged: '此次运行开始之后配置有改动；它继续使用开始时的配置。',
  download: '正在下载模型：{{gigabytes}} GB 的 {{percent}}%（{{file}}）',
  memoryShort: '内存会比较紧张：训练约需 {{needed}}，保存检查点时另需 {{saving}}，现有 {{free}}。',
  memoryShortLater:
    '若偏好对与这些样本相仿，DPO 约需 {{needed}}，现有 {{free}}：请停止并以更小的 training.dpo.batch_size 重新开始，继续的运行沿用原来的设置。',
  smallModelRates:
    '模型有 {{parameters}} 百万参数，而 {{keys}} 适合几百万参数的模型：适合 7B 的见 config.qwen2-7b.yaml。',
  noExpert: '{{tasks}} 既没有专家也没有样本：SFT 学不到它们。',
  goldenKept_other: '{{count}} 个样本只保存在此次运行中：{{why}}',
  goldenOtherSystem_other: '{{file}}：有 {{count}} 个样本的系统消息与智能体所用的不同（第 {{lines}} 行）',
  goldenUnreadable_other:
    '{{file}}：智能体无法按其中 {{count}} 个样本的回答行动（第 {{lines}} 行）。训练仍会使用它们。',
  preferencesFixed: '{{path}} 是只读的，保持不变；偏好对在存储里。',
  goldenDone: '{{path}} 中有 {{samples}} 个样本，其中 {{recorded}} 个是新的',
  sftData: '{{samples}} 个样本，留出 {{heldOut}} 个；{{engine}}',
  sftDone: '{{steps}} 步，保留第 {{step}} 步；适配器在 {{path}}',
  sftStopped: '{{steps}} 步，留出损失在第 {{step}} 步之后不再下降；适配器在 {{path}}',
  everythingBroke_other: '环境弄坏了全部 {{count}} 个回合，最常见的原因：{{why}}。请排除它，再恢复运行。',
  collected: '{{attempts}} 次尝试，{{solved}}% 成功，{{broken}} 次因环境故障作废',
  pairsIn: '{{path}} 中有 {{pairs}} 个偏好对',
  reviewed:
    '{{pairs}} 个偏好对中有 {{reviewed}} 个经过人工审阅：剔除 {{dropped}} 个，对调 {{swapped}} 个，编辑 {{edited}} 个',
  dpoData: '{{pairs}} 个偏好对，{{golden}} 个黄金样本；参考 {{reference}}',
  noSuccesses: '存储中没有采集到的成功，因此略去对照“对自身成功做 SFT”。',
  dpoDone: '适配器在 {{path}}；训练了：{{arms}}',
  validated: '{{episodes}} 个回合中 {{solved}}% 成功',
  sftAlone: '{{why}}评估会略去 DPO。',
  results: 'SFT {{sft}}%，DPO {{dpo}}%',
  resultsOfSft: 'SFT {{sft}}%',
  resultsTable: '{{table}}',
  report: '报告：{{path}}',

  // 命令使用的位置 (main/pipeline/places.ts, main/pipeline/run-folder.ts, main/pipeline/output.ts)
  placesAtWork: '另一条命令正在使用 {{places}}；请等它结束，或把 {{keys}} 设为别的位置。',
  placesSame: '{{key}} 和 {{other}} 都是 {{path}}；请给它们各自的位置。',
  outputOnPlace: '{{path}} 属于 {{key}}（{{place}}）；请给出别的输出路径。',
  placeNotAFolder: '{{key}} 是 {{path}}，但那不是文件夹；请把它移走，或给出别的文件夹。',
  placeNotAFile: '{{key}} 是 {{path}}，但那不是文件；请把它移走，或给出别的文件。',
  folderOfOthers: '{{key}} 是 {{path}}，那里不只有适配器；请给适配器一个单独的文件夹。',
  folderOfModel: '{{key}} 是 {{path}}，那里有一个完整的模型。别的程序加载该模型时会一并使用适配器；请给出别的文件夹。',
  folderOfRun: '{{key}} 是 {{run}} 中的 {{path}}，它属于先前的运行；请给出别的文件夹。',
  runFolderAtWork: '另一条命令正在使用 {{path}}；请等它结束，或把 paths.reports 设为别的文件夹。',
  runFolderTaken: '{{path}} 属于另一个存储的运行；请把 paths.reports 设为别的文件夹，并开始新的运行。',

  // 不能开始或缺少东西的运行。（main/lab.ts、main/jobs.ts、main/pipeline、main/exports）
  runAtWork: '运行 {{run}}（{{command}}）正在进行；请等它结束，或先停止它。',
  noRun: '没有运行 {{run}}；`npx dpo-driver runs` 会列出所有运行。',
  runDeleted: '运行 {{run}} 已删除；请在窗口的“运行与模型”中恢复它。',
  collectionInUse: '运行 {{trainer}} 用运行 {{run}} 的偏好对训练，尚未完成；请先让它完成，或把它一并删除。',
  nothingCollected: '没有可供训练的偏好对；请先运行 `npx dpo-driver collect`。',
  noPairsOfRun: '运行 {{run}} 没有可供训练的偏好对；请先运行 `npx dpo-driver collect`。',
  noPairsOfRound: '运行 {{run}} 的第 {{round}} 轮没有可供训练的偏好对；请先运行 `npx dpo-driver collect`。',
  nothingToResume: '没有可以继续的：{{command}} 还没有运行过。去掉 --resume 即可重新开始。',
  nothingLeftToResume: '没有可以继续的：运行 {{run}}（{{command}}）已经结束。去掉 --resume 即可重新开始。',
  notEvaluated: '运行 {{run}} 没有已完成的评估；请运行 `npx dpo-driver evaluate`。',
  adapterMissing: '{{path}}：这里没有适配器；请先运行 `npx dpo-driver {{command}}`。',
  noSample: '{{path}}：没有这些任务的黄金样本；请运行 `npx dpo-driver golden`。',
  goldenBroken:
    '录制黄金样本时，{{task}} 的浏览器或页面在种子 {{seed}} 上出错 {{times}} 次（{{why}}）。不会改用别的种子，否则样本会不同。请再次运行命令，或去掉这个任务。',
  noSampleNoExpert: '{{path}}：没有 {{tasks}} 的黄金样本，也没有对应的专家。请选择其他任务，或自己写样本。',
  noSampleToReplay: '{{path}}：没有可供重放的黄金样本；请指定其他任务，或把 training.dpo.replay 设为 0。',
  pairsChanged: '运行 {{run}} 第 {{round}} 轮的偏好对在此期间重新采集过；请重新导出。',
  nothingToExportPairs: '运行 {{run}} 没有可导出的偏好对；`npx dpo-driver runs` 列出所有运行。',
  nothingToExportEpisodes: '运行 {{run}} 没有可导出的回合；`npx dpo-driver runs` 列出所有运行。',
  nothingToExportMetrics: '运行 {{run}} 没有可导出的指标；`npx dpo-driver runs` 列出所有运行。',

  // 合并适配器。（main/adapters）
  mergePreTokenizer:
    '分词器的预分词器不是 Qwen2 的：请用 AutoTokenizer 加载合并后模型的分词器，因为 transformers 5 的 Qwen2Tokenizer 会换掉它。',
  mergeAtWork: '正在写入 {{target}}；请等它结束，或先停止它。',
  mergeNeedsRoom: '{{folder}}：合并后的模型需要 {{needed}}，但只有 {{free}} 可用；请腾出空间，或选择别的文件夹。',

  // 运行需要的内存与磁盘。（main/capacity、main/pipeline/stages/verify.ts）
  nodeTooOld: 'Node {{version}} 太旧，实验室需要 Node 24。请运行 `npm run setup`。',
  diskShort: '{{folder}}：需要 {{needed}}，但只有 {{free}} 可用；请腾出空间。',
  diskShortForDownload: '{{folder}}：下载模型及由它生成的文件需要 {{needed}}，但只有 {{free}} 可用；请腾出空间。',
  lengthsOverModel:
    '提示与回答共 {{tokens}} 个词元，而模型最多接受 {{limit}} 个；请给 --prompt 与 --completion 更小的值，或选择别的模型。',
  memoryTooSmall: '至少需要内存 {{needed}}，但只有 {{free}} 可用；请关闭其他程序，或选择更小的模型。',
  memoryTooSmallUnlessNf4:
    '至少需要内存 {{needed}}，但只有 {{free}} 可用；请关闭其他程序，把 model.precision 设为 nf4，或选择更小的模型。',
  trainingTooLarge:
    '内存不足：训练约需 {{needed}}，保存检查点时另需 {{saving}}，现有 {{free}}。请关闭其他程序，或选择更小的模型。',
  trainingTooLargeUnlessSet:
    '内存不足：训练约需 {{needed}}，保存检查点时另需 {{saving}}，现有 {{free}}。继续的运行沿用原来的设置，因此请运行 `npx dpo-driver {{stage}} --set {{overrides}}`。',
  memoryParts: '{{total}}（{{parts}}）',
  memoryWeights: '权重 {{size}}',
  memoryAdapter: '适配器 {{size}}',
  memoryOptimizer: '梯度与优化器 {{size}}',
  memoryActivations: '激活 {{size}}',
  memoryLogits: 'logits 张量 {{size}}',
  memoryProcess: '实验室本身 {{size}}',

  // 各阶段的标题、单位与结果。（main/pipeline/stages）
  titleVerify: '检查所需是否齐全',
  titleGolden: '脚本专家示范每个任务',
  titleSft: '基座模型学习黄金样本',
  titleCollect: '智能体尝试任务，成功与失败成为偏好对',
  titleDpo: '智能体学习它的偏好对',
  titleValidate: '智能体玩验证题目',
  titleEvaluate: '所有策略玩同样的、没见过的题目',
  unitChecks: '项检查',
  unitTasks: '个任务',
  unitSteps: '步，正在训练 {{arm}}',
  unitAttempts: '次尝试',
  unitEpisodes: '个回合',
  lineVerify_other: '{{count}} 项检查通过',
  lineGolden: '{{samples}} 条黄金样本，其中 {{recorded}} 条新增',
  lineSft: '{{examples}} 条样本，{{steps}} 步，保留第 {{step}} 步',
  lineCollect: '{{episodes}} 次尝试，{{solved}}% 成功，{{pairs}} 对',
  lineDpo: '{{pairs}} 对，参考：SFT 策略',
  lineDpoLater: '{{pairs}} 对，参考：第 {{round}} 轮的策略',
  lineDpoControls_other: '{{held}}；另外训练了 {{count}} 个对照',
  lineValidate: '{{n}} 个回合中 {{solved}}% 成功',

  // 各策略，以及对它们的结论。（main/evaluation）
  armBase: '基座模型',
  armExpert: '脚本专家',
  armSft: 'SFT',
  armDpo: 'DPO',
  armDpoRound: '第 {{round}} 轮 DPO',
  armDpoBefore: '重新训练前的 DPO',
  armDpoBeforeShort: '此前的 DPO',
  armSuccessSft: '对自身成功做 SFT',
  armSuccessSftShort: '自身成功',
  armNllChosen: '仅优选 NLL',
  armReplay: '仅重放黄金样本',
  armReplayShort: '仅重放',
  armInSentence: '“{{arm}}”',
  twoTogether: '{{first}}和{{second}}',
  manyTogether: '{{others}}和{{last}}',
  pairedFigures: '{{difference}} 个百分点，95% 区间 {{low}} 至 {{high}}，{{p}}',
  dpoBetter: 'DPO 比 SFT 解出更多题目：{{figures}}。',
  dpoWorse: 'DPO 比 SFT 解出更少题目：{{figures}}。',
  dpoSame: '从 SFT 到 DPO 没有可测的变化（{{figures}}）。',
  againBetter: '重新训练后，DPO 比之前解出更多题目：{{figures}}。',
  againWorse: '重新训练后，DPO 比之前解出更少题目：{{figures}}。',
  againSame: '重新训练没有带来可测的变化（{{figures}}）。',
  hadToBeDpo: '起作用的正是 DPO：{{arm}} 以同样的回合和步数胜过{{controls}}。',
  controlsBeaten: '{{arm}} 以同样的回合和步数胜过{{controls}}。',
  controlsSame: '{{arm}} 与{{controls}}之间没有可测的差异。',
  controlsBetter: '以同样的回合和步数，{{arm}} 不如{{controls}}。',

  // verify 的各项检查及其结果。（main/pipeline/stages/verify.ts）
  check: '{{name}}：{{found}}',
  checkNode: 'Node',
  checkDisk: '磁盘',
  checkCard: '显卡',
  checkMemory: '内存',
  checkModel: '模型',
  checkEngine: '引擎',
  checkTasks: '任务',
  checkBrowser: '浏览器',
  foundNode: '{{version}}',
  foundFree: '可用 {{size}}',
  foundDisk: '可用 {{size}}，需要 {{needed}}',
  foundDiskForDownload: '可用 {{size}}，需要 {{needed}}，其中 {{download}} 用于下载模型',
  foundCard: '{{card}}，显存 {{memory}}',
  foundNoCard: 'nvidia-smi 没有找到显卡：tfjs-node-gpu 在处理器上计算',
  foundNoUseForCard: '不需要：{{engine}} 在处理器上计算',
  foundMemory: '可用 {{size}}，最多需要 {{needed}}',
  foundLeastMemory: '可用 {{size}}，至少需要 {{needed}}：fp32 的权重、适配器与优化器',
  foundShortMemory:
    '可用 {{size}}，至少需要 {{least}}；若页面长到 environment.max_chars 的上限，可达 {{most}}：请减小 training.sft 与 training.dpo 的 batch_size，并按同样的倍数增大 grad_accumulation_steps',
  foundModel: '{{name}}：{{layers}} 层，宽 {{hidden}}，词表 {{vocabulary}}',
  foundModelAndRates: '{{model}}。{{rates}}',
  foundEngine: '{{engine}}',
  foundTasks_other: '{{count}} 个任务',
  foundOwnTasks_other: '{{count}} 个任务，其中 {{own}} 个是实验室自带的页面：没有安装 MiniWoB++',
  pageOfTask: '{{task}}：{{why}}',
  foundPages_other: '{{count}} 个任务的页面都有回应，用时 {{milliseconds}} 毫秒',

  // 手工录制。（main/live）
  recordMoved: '页面与之前不同，请从这里继续。',
  recordUndone: '已撤销最后一步：页面重新开始，并重做了之前的步骤。',
  recordBroken: '页面出了故障（{{why}}）：请重新录制。',
  recordImpossible: '做不到：{{why}}。',
  recordWrong: '页面说这样不对（奖励 {{reward}}）：请撤销最后一步，或重新录制。',
  recordAgain: '解出了。实验室正在重放这些步骤，检查它们是否足够。',
  recordDone: '解出了。重放这些步骤又解出了一遍。',
  recordNotEnough: '解出了，但录下的步骤不够：重放时，{{why}}。',
  againMissing: '第 {{step}} 步没有 {{element}}',
  againUnwritten: '第 {{step}} 步无法写成动作（{{reason}}）',
  againImpossible: '第 {{step}} 步做不到（{{why}}）',
  againWrong: '到第 {{step}} 步页面就结束了，没有满分',
  againEndless: '回合没有结束',
  againBroken: '页面出了故障（{{why}}）',

  // 窗口的请求，与回应它们的服务器。（main/rpc）
  labMistake: '实验室内部出错；详情见它的日志。',
  labMistakeIn: '实验室内部出错（{{what}}）；详情见它的日志。',
  requestNotUnderstood: '实验室不明白这个请求：{{key}} {{problem}}。',
  runGone: '没有运行 {{run}}；请重新载入列表。',
  episodeGone: '回合 {{episode}} 已不存在；请重新载入列表。',
  adapterGone: '{{path}}：这里已没有适配器；请重新载入列表。',
  nothingToGoOnWith: '没有可以继续的运行；请开始新的运行。',
  stopBeforeDeleting: '运行 {{run}} 正在进行；请先停止再删除。',
  adaptersInUse: '有运行正在进行，可能正在读取它的适配器；请等它结束，或先停止它。',
  checksWait: '有运行正在使用机器；请等它结束后再检查。',
  timesWait: '有运行正在使用机器；请等它结束后再测量。',
  mergeFolderMissing: '没有文件夹 {{folder}}；请选择一个现有的文件夹来放合并后的模型。',
  browserCannotChoose: '浏览器不能选择本机上的路径：请输入路径。',
  uploadTooLong: '文件超过 {{size}} MiB；请把它拆开。',
  notANumber: '地址中的“{{text}}”不是数字。',
  portTaken: '端口 {{port}} 已被别的程序占用；请用 --port 另选一个，或不写 --port。',
  portReserved: '使用端口 {{port}} 需要管理员权限；请用 --port 选择 1023 以上的端口。',
  hostUnknown: '{{host}} 不是本机的地址；请去掉 --host，或写一个本机有的地址。',
  openWholeAddress: '请用实验室启动时给出的完整地址打开它。',
  notANameOfTheLab: '“{{host}}”不是实验室的地址；请打开它给出的地址。',
  pageOfOthers: '别的网站的页面不能向实验室发送请求。',
  linkOfOthers: '别的网站的页面不能打开实验室；请把它的地址输入地址栏。',
  readOnly: '这个地址只接受 GET 请求。',
  goOnThere: '请到那里继续。',
  noSuchFile: '没有这个文件。',
  windowNotBuilt: '窗口还没有构建；请运行 `npm run build:renderer`，再重新载入此页。',

  // 命令行与桌面应用。（app）
  outputLost: '有一部分输出无法写入（{{code}}）；请写到别的位置。',
  optionNotWhole: '{{option}} 必须是整数，现在是“{{text}}”。',
  optionNotAPort: '命令行：{{option}} 必须是 0 到 65535 的数字，现在是“{{text}}”。',
  optionNotTokens: '{{option}} 必须是大于 0 的整数个词元。',
  portUnavailable: '端口 {{port}} 不能使用；请用 --port 另选一个。',
  nothingToExport: '还没有可导出的 {{what}}；`npm run pipeline` 会产生它们。',
  nothingRecorded: 'tracking.uri 是 null，因此没有记录；请把它设为 auto。',
  recordedElsewhere: '运行记录在 {{uri}}：请在浏览器中打开这个地址。',
  mlflowMissing:
    '没有安装 MLflow。请用 `pipx install mlflow` 安装（2.x 或 3.x），或在 pip 可以写入的环境里用 `pip install mlflow`；然后再次运行 `npx dpo-driver mlflow`。',
  quitWhileRunning: '运行 {{run}}（{{command}}）正在进行。',
  quitStopsRun: '退出会停止这个运行。以后可以再次打开实验室并继续它。',
  quitKeep: '让它继续',
  quitStop: '停止并退出',
  mlflowFailed: 'mlflow 以 {{code}} 结束；原因见它上面的输出。',

  // MLflow。（main/tracking）
  trackingAway: '无法写入 {{place}} 的 MLflow（{{why}}）；运行照常继续，缺的记录等它恢复后补发。',
  trackingDeleted: '没有写入 {{place}} 的 MLflow：{{why}}。若在那里恢复，之后的运行会补发缺的记录。',
  trackingExperimentDeleted:
    '实验“{{experiment}}”在那里已删除；请恢复它，或为新的运行把 tracking.experiment 设为别的名称',
  trackingRunDeleted: '运行“{{run}}”在那里已删除',
  trackingRunGone: '那里已没有这个运行',
  trackingNotMlflow: '它的回应不是 MLflow 的',
  trackingSilent: '没有及时得到回应',
  trackingStatus: '它回应 {{status}}',
  trackingKeepsFiles: '它把文件放在“{{uri}}”，不通过 HTTP 接收；请用 --serve-artifacts 启动它',
  trackingFiles: '{{place}} 的 MLflow 不接收报告和卡片（{{why}}）；参数和指标照常记录。',

  // 回合如何结束。
  fullReward: '页面给了满分奖励',
  'failure.wrong': '页面结束时没有满分',
  'failure.steps': '步数用完',
  'failure.length': '回答达到了词元上限',
  'failure.stuck': '专家不知道下一步做什么',
  'failure.form': '回答不是“Thought: <想法>”“Action: <动作>”两行',
  'failure.verb': '动作不是 click、fill、select、press 之一',
  'failure.key': '没有这个按键',
  'failure.argument': '“ = ”后面缺少文字或选项',
  'failure.ref': '页面上没有这个编号的元素',
  'failure.mismatch': '描述与该编号的元素不符',
  'failure.option': '下拉框没有这个选项',
  'failure.gone': '元素已不存在',
  'failure.disabled': '元素已停用',
  'failure.covered': '元素被别的东西挡住',
  'failure.noText': '元素不接受文字',
  'failure.readOnly': '这个栏不能更改',
  'failure.noFocus': '这个栏无法获得焦点',
  'failure.tooLong': '文字比这个栏能接受的长',
  'failure.notDate': '日期栏接受的日期形如 2015-01-05',
  'failure.notTime': '时间栏接受的时间形如 13:04',
  'failure.notMonth': '月份栏接受的月份形如 2015-01',
  'failure.notWeek': '周栏接受的周形如 2015-W02',
  'failure.notDatetime': '日期时间栏接受的值形如 2015-01-05T13:04',
  'failure.notNumber': '数字栏接受的数字形如 12 或 0.5',
  'failure.notOnSlider': '滑块接受两端之间、落在步长上的数字',
  'failure.notColor': '颜色栏接受的颜色形如 #1a2b3c',
  'failure.noOptions': '元素没有选项',
  'failure.noSuchOption': '没有这个选项',
  'failure.optionDisabled': '这个选项不能选',

  // 任务与页面。
  pageNameTaken: '{{file}}：已有任务 {{task}}，请给页面改名。',
  tasksDirMissing: 'environment.tasks_dir 是 {{folder}}，但没有这个文件夹：请创建它，或改正路径。',
  taskUnknown: '没有任务 {{task}}；最接近的名称是 {{near}}。',
  taskNotInstalled:
    '任务 {{task}} 属于 MiniWoB++，而它的页面没有安装：请运行 `npm run setup`，或用 --miniwob 指定一份克隆。能玩的任务中，最接近的名称是 {{near}}。',
  miniwobMissing: '{{folder}} 中没有 MiniWoB++ 页面：请指定该基准的一份克隆，或其中含 core/ 和 miniwob/ 的文件夹。',
  miniwobUrlNotFile: 'MINIWOB_URL 是 {{url}}：必须是 file:// 地址，请指定本机的文件夹。',
  miniwobUrlWrong: 'MINIWOB_URL 是 {{url}}，它不指向本机的文件夹：请写成 file:///path/to/html。',
  miniwobDownloadFailed:
    'pip 无法下载 MiniWoB++ 页面（{{why}}）：请用 --miniwob DIR 指定一份克隆，或继续使用自带的任务。',
  pythonMissing: '没有安装 python3',
  pipGaveNoAnswer: 'pip 没有回应',
  miniwobWrongHash:
    '下载的 {{file}} 的 SHA-256 是 {{digest}}，而不是 {{known}}：它不是已知的 MiniWoB++ 版本，所以没有解包。',

  // 浏览器。
  chromePathMissing: 'CHROME_PATH 是 {{path}}，但没有这个文件：请改正或取消它。',
  browserMissing: '没有找到 Chromium、Chrome 或 Edge：请安装一个，或把 CHROME_PATH 设为它的可执行文件。',
  browserNotInstalled:
    '没有找到 Chromium、Chrome 或 Edge，也没能安装（{{failures}}）：请安装一个，或把 CHROME_PATH 设为它的可执行文件。',
  chromeDownloadFailed: '下载 Chrome 失败：{{why}}',
  chromiumPackageFailed: 'apt-get install chromium 失败：{{why}}',
  noChromeForSystem: '没有适用于此系统的版本',
  aptNeedsRoot: '需要 Debian 系统与 root 权限',
  chromiumNotInPath: '安装后 PATH 中仍没有 chromium',
  browserKilled:
    '{{path}} 每次启动都被终止：可能是系统因内存不足终止了它，也可能是别的程序。请提高内存限制，或关闭其他程序。',
  browserOpenFiles:
    '{{path}} 需要打开的文件多于限制 {{limit}}。请提高限制，例如 `ulimit -n 4096`（Docker 中：`--ulimit nofile=4096`），再运行命令。',
  browserSandbox:
    '{{path}} 无法建立沙箱，因为系统不允许普通用户创建命名空间。请允许：`sysctl kernel.unprivileged_userns_clone=1`，或在 Ubuntu 上 `sysctl kernel.apparmor_restrict_unprivileged_userns=0`，或在 Docker 中 `--security-opt seccomp=unconfined`。',
  browserProcesses:
    '{{path}} 不能再启动进程或线程。请提高限制，例如 `ulimit -u 4096`（Docker 中：`--pids-limit 4096`），再运行命令。',
  browserMemory: '{{path}} 没有足够的内存启动。请关闭其他程序，或提高内存限制。',
  browserLibrary: '{{path}} 没有启动，因为没有安装库 {{library}}。请安装它，或把 CHROME_PATH 设为别的浏览器。',
  temporaryFolderFull: '临时文件夹 {{folder}} 已满，放不下浏览器的配置：请腾出空间，或把 TMPDIR 设为别的文件夹。',
  temporaryFolderUnusable: '浏览器的配置无法写入临时文件夹 {{folder}}（{{why}}）：请把 TMPDIR 设为可写的文件夹。',
  browserDidNotStart: '{{path}} 没有启动（{{why}}）：请手动运行它查看原因，或把 CHROME_PATH 设为别的浏览器。',

  // 智能体。
  pageTooLong:
    '{{task}}，种子 {{seed}}，第 {{step}} 步：页面对模型来说太长。{{why}}在新的运行中，environment.max_chars 与 environment.max_elements 限制页面，model.max_new_tokens 限制回答。',
  predictNeedsPage: 'predict 的第二个参数是页面：请给出环境的 reset 或 step 返回的观察。',

  // 试玩与录制。
  playStopped: '回合已停止。',
  noAdapterInFolder: '{{folder}}：这里没有适配器；请指定适配器所在的文件夹。',
  stageNotRun: '{{folder}}：这里没有适配器；请先运行 {{stage}} 阶段。',
  tooManyRecordings: '已经为你打开了 {{count}} 个页面：请先关闭一个。',
  screenGone: '这个页面上已没有回合在进行：请选择别的页面。',
  recordingGone: '这个录制已关闭：请重新录制。',
  recordingOver: '这个回合已经结束：请另录一个。',
  recordingUnsolved: '请先完成任务：只有成功才能保存。',
  refNotOnPage: '页面上现在没有编号为 {{ref}} 的元素。',
  pageFailed: '{{task}} 的页面出错（{{why}}）：请再试一次。',
  seedEvaluated:
    '种子 {{seed}} 属于评估的题目（{{first}} 至 {{last}}）。看过这些题的策略不能再用它们测量：请录制别的种子。',
  seedValidated:
    '种子 {{seed}} 属于验证的题目（{{first}} 至 {{last}}）。看过这些题的策略不能再用它们测量：请录制别的种子。',

  // 页面与浏览器的故障。
  pageWithoutCore: '页面没有载入 core.js：请把它复制到页面所在的文件夹，或载入 ../core/core.js',
  pageWithoutFiles:
    '页面要读 {{files}}，但读不到：请把脚本复制到页面的文件夹；它还能读 ../core/ 和 ../common/，其他文件和网络都不行',
  pageLacks: '页面缺少 {{parts}}：页面要写 genProblem，有一个 id 为 query 的元素，并载入 core.js',
  pageScriptFailed: '页面的一个脚本出错：{{error}}',
  pageWrongEncoding: '浏览器不知道页面的文字是怎样编码的：请保存为 UTF-8，并在 head 开头写上 <meta charset="utf-8">',
  pageLeft: '页面把自己换成了另一个文档：一个任务只有一个页面',
  pageCrashed: '页面崩溃了',
  pageAnswerWrong: '页面的回应不对（{{part}}：{{detail}}）',
  episodeOverAtOnce: '回合还没开始就结束了',
  episodeTooLong: '回合用时超过 {{limit}} 毫秒',
  noEpisodeOnPage: '这个页面上还没有开始回合',
  windowWithoutPage: '窗口里没有页面',
  windowsClosed: '窗口已关闭',
  windowFailed: '窗口出错：{{detail}}',
  browserClosed: '浏览器已关闭',
  browserEnded: '它已结束（{{how}}）',
  browserFailed: '浏览器出错：{{detail}}',
  tookTooLong: '{{work}}用时超过 {{limit}} 毫秒',
  'work.startBrowser': '启动浏览器',
  'work.openPage': '打开页面',
  'work.loadPage': '载入页面',
  'work.closePage': '关闭页面',
  'work.stopPage': '停止页面',
  'work.closeBrowser': '关闭浏览器',
  'work.moveMouse': '移动鼠标',
  'work.act': '动作',
  'work.answer': '页面的回应',
  'work.takePicture': '截图',
  'work.startScreencast': '画面传输',
  'work.askChromeVersion': '查询 Chrome 的版本',
  'work.downloadChrome': '下载',
  'work.loadReport': '载入报告',
  'work.printReport': '打印报告',
})

/**
 * The lab's messages in English: errors, log lines, checks. A text has holes such as `{{path}}` for its values. TypeScript
 * reads the holes, so a missing value does not compile. `count` chooses between `id_one` and `id_other`. `zh.ts` has the
 * same keys and holes.
 */
export const ENGLISH = {
  // Texts of other programs, as they are.
  verbatim: '{{text}}',

  // Ends a list that was cut short.
  andMore_other: 'and {{count}} more.',

  // Counted things, as values of other messages.
  countPairs_one: '{{count}} pair',
  countPairs_other: '{{count}} pairs',
  countSamples_one: '{{count}} sample',
  countSamples_other: '{{count}} samples',
  countGolden_one: '{{count}} golden sample',
  countGolden_other: '{{count}} golden samples',
  countSteps_one: '{{count}} step',
  countSteps_other: '{{count}} steps',
  countAttempts_one: '{{count}} attempt',
  countAttempts_other: '{{count}} attempts',
  countEpisodes_one: '{{count}} episode',
  countEpisodes_other: '{{count}} episodes',
  countTasks_one: '{{count}} task',
  countTasks_other: '{{count}} tasks',
  countProblems_one: '{{count}} problem',
  countProblems_other: '{{count}} problems',
  countLayers_one: '{{count}} layer',
  countLayers_other: '{{count}} layers',

  // What a value from outside must be (config/demand.ts). Each follows the value's name.
  mustBe: 'must be {{what}}',
  aNumber: 'a number',
  aWholeNumber: 'a whole number',
  aText: 'a text',
  trueOrFalse: 'true or false',
  aList: 'a list',
  aGroupOfKeys: 'a group of keys',
  oneValue: '{{value}}',
  oneOf: 'one of {{values}}',
  oneOfPerhaps: 'one of {{values}} (perhaps {{near}})',
  atLeast: 'at least {{limit}}',
  moreThan: 'more than {{limit}}',
  atMost: 'at most {{limit}}',
  lessThan: 'less than {{limit}}',
  either: '{{first}} or {{second}}',
  mustNotBeEmptyList: 'must not be an empty list',
  mustNotBeEmpty: 'must not be empty',
  mustNotHave: 'must not have {{keys}}',
  isMissing: 'is missing',
  isMissingPerhaps: 'is missing (perhaps {{near}} is meant)',
  isWrong: 'is wrong: {{detail}}',
  mustBeName: 'must be letters, digits, dots, dashes and underscores',
  mustBeFolderName: 'must be letters, digits, dots, dashes and underscores, at most 200 of them, and neither . nor ..',
  mustBeLayers: 'must be numbers of layers from 0 on, such as 12-23 or 0,4,8',
  mustBeOneLine: 'must be one line',
  mustBePageName: 'must be small letters a to z, digits, and single dashes between them',
  mustBeShortLine: 'must be one line of at most 60 characters, without spaces at its ends',
  mustBeFewer: 'must be fewer curves, or have fewer points',
  mustBeSeveralSeeds: 'must be at least two training seeds',
  mustBeRole: 'must be the name of a role',
  mustBeTrackingUri: 'must be auto, file:<folder> or the http address of a tracking server',
  mustBeWebhook: 'must be an http or https address without a user or password',
  mustBeQueueAddress:
    'must be redis://host:port or rediss://host:port, without a user or password (the environment variables DPO_DRIVER_QUEUE_USER and DPO_DRIVER_QUEUE_PASSWORD have those)',
  mustDivideHiddenSize: 'must divide the hidden size into parts of even size',
  mustDivideAttentionHeads: 'must divide the number of attention heads',
  mustBeEven: 'must be even',
  mustBeTexts: 'must be a list of texts',
  mustBeWholeNumbers: 'must be a list of whole numbers',
  mustBeFamily: 'must be qwen2, qwen3 or llama',
  biasUnsupported: 'must be false, as biases are supported only where Qwen2 has them',
  mustExceedLowFactor: 'must be more than low_freq_factor',
  mustBeOneScaling: 'must say what rope_parameters says',
  slidingWindowUnsupported: 'must be false, as sliding-window attention is not supported',
  mustHaveAllLayers: 'must have an entry for each of num_hidden_layers',
  mustBeOneTheta: 'must be the same in rope_parameters and rope_scaling',
  mustHaveTheta: 'must have rope_theta',
  mustBeCausalLm: 'must be the class of its family that ends in ForCausalLM, as only that class writes text',
  quantizedUnsupported:
    'must be absent, as the lab cannot read weights that are quantised already; take the model that they were made from (the lab can hold it in 4 bits itself)',
  mustBeSafetensorsName: 'must be the name of a safetensors file',

  // Configuration
  commandLine: 'command line',
  settings: 'settings',
  configUnreadable: '{{path}}: the configuration cannot be read ({{code}}); name another file with --config_path.',
  configNotYaml: '{{path}}:{{line}}: this is not valid YAML: {{reason}}.',
  configNotAMap: '{{path}}:1: a configuration is a list of "key: value" lines.',
  configValueWrong: '{{place}}: {{key}} {{demand}}, but is {{value}}.',
  unknownKeyNear: '{{place}}: unknown key {{key}}, perhaps {{near}}.',
  unknownKeyElsewhere: '{{place}}: unknown key {{key}}, which belongs under {{groups}}.',
  unknownKeyInFile: '{{place}}: unknown key {{key}}; the file has {{keys}}.',
  unknownKeyInGroup: '{{place}}: unknown key {{key}}; {{group}} has {{keys}}.',
  overrideNotKeyValue: 'command line: --set takes key=value, such as training.dpo.beta=0.2, not "{{assignment}}".',
  overrideNotYaml: 'command line: the value of --set {{assignment}} is not valid YAML.',
  seedsShared:
    '{{path}}: the seeds from {{key}} ({{start}} to {{end}}) overlap those from {{next}} ({{nextStart}}). The agent would be measured on problems that it trained on; move one of them.',
  settingsChangedMeanwhile:
    'settings: {{keys}} changed in the file since you began to type; look at the new values and save again.',
  givenOnCommandLine:
    'settings: {{key}} was given on the command line, which overrides the file; start the lab without it.',

  // Files
  fileReadOnly: '{{path}} is read-only; make it writable, or name another file.',
  fileHeld: 'Another process is adding to {{path}}; try again. If none is, delete {{lock}}.',
  diskFull: '{{path}}: the disk is full; free some space and try again.',
  noPermissionToWrite: '{{path}}: no permission to write here; choose another path in config.yaml or change its owner.',
  fileInTheWay: '{{path}}: there is something else where this file belongs; move it or choose another path.',
  fileTooLarge:
    '{{path}}: the system allows no larger file here; raise its limit (ulimit -f), or choose another place.',
  pipeWithoutReader: '{{path}} is a pipe that nobody reads; name a file.',
  unwritable: '{{path}} cannot be written ({{code}}); choose another path.',

  // Store
  storeNewer: '{{path}}: a newer version of the lab wrote this store; update the lab, or set paths.store.',
  storeHeld: '{{path}}: another program holds this store; close it and try again.',
  storeNotWritable: '{{path}}: the store cannot be opened for writing; set paths.store to a place that can be written.',
  storeNotAFile: '{{path}}: there is something other than a file where the store belongs; move it or set paths.store.',
  storeHasTwoNames:
    '{{path}}: this store has another name (a hard link), and would be damaged if it were used under both; remove one of the names, or copy the file.',
  storeDiskFails:
    '{{path}}: the disk does not take what the store writes ({{reason}}); look for a limit on file sizes (ulimit -f), free space and a broken disk.',
  storeValueDamaged:
    'The store is damaged, or another version of the lab wrote it: {{column}} holds "{{value}}". Use a copy of the store, or set paths.store to another.',
  storeDamaged: '{{path}}: this file is not a store of the lab, or it is damaged; move it away or set paths.store.',
  storeAtWork:
    '{{path}}: another command is using this store; wait for it, or run this one in a folder of its own, which DPO_DRIVER_HOME names.',
  runOfOtherVersion: '{{path}}: another version of the lab made run {{run}} ({{key}}); move the store away.',

  // Model files
  fileUnreadable: '{{file}} cannot be read: {{reason}}',
  fileNotJson: '{{file}} is not JSON ({{reason}}); copy it again from its source.',
  fileWrong: '{{file}} {{demand}}; {{cure}}.',
  fileKeyWrong: '{{file}}: {{key}} {{demand}}; {{cure}}.',
  familiesOnly:
    'this lab runs Qwen2, Qwen2.5, Qwen3 without experts, and Llama-type models such as SmolLM2, as transformers writes them',
  plainLoraOnly: 'this lab supports only plain LoRA on the seven projections of a layer',
  useTokenizerOfModel: 'use the file that came with the model',
  copyAgain: 'copy it again',
  configJsonMissing: '{{file}} is missing; its folder must hold a model in Hugging Face layout.',
  weightsMissing: "{{file}} is missing; copy it from the model's original folder.",
  weightsInPickle: '{{file}} is missing; convert pytorch_model.bin to safetensors.',
  tensorMissing: '{{file}} lacks the tensor {{name}}; copy the file again.',
  configDisagrees:
    '{{config}} has {{key}} {{value}}, but {{file}} has {{found}}; use the config.json that belongs to these weights.',
  headMissing:
    '{{config}} does not tie the head to the embedding, but {{file}} has no lm_head.weight; set tie_word_embeddings to true if the model ties them, or copy the files again.',
  headOfItsOwn:
    '{{file}} ties the head to the embedding, but lm_head.weight differs from it and is used, as in transformers 5',
  tensorShapeWrong:
    "{{file}}: {{name}} is [{{shape}}], but the model's configuration asks for [{{wanted}}]; the files belong to different models.",
  tensorUnknown: '{{file}} holds {{name}}, which no model of this family has; the file belongs to another model.',
  tensorNotFinite: '{{file}}: {{name}} holds NaN or infinity; the training that wrote it had diverged.',
  safetensorsMissing: '{{file}} is missing; copy it from where the model came from.',
  safetensorsUnreadable: '{{file}} cannot be read ({{code}}); copy it from where the model came from.',
  safetensorsNotAFile: '{{file}} is not a file; a safetensors file belongs there.',
  safetensorsCutOff: '{{file}} is cut off after {{size}} bytes; copy or download it again.',
  safetensorsHeaderCutOff:
    '{{file}} is cut off: its header has {{header}} bytes, the file {{size}}; copy or download it again.',
  safetensorsTensorsCutOff:
    '{{file}} is cut off: its tensors need {{needed}} bytes, the file has {{size}}; copy or download it again.',
  safetensorsTrailing: '{{file}} has {{size}} bytes after its last tensor; copy or download it again.',
  safetensorsHeaderTooLong:
    '{{file}} is not a safetensors file (its header would be over 100 MB); copy or download it again.',
  safetensorsHeaderNotJson: '{{file}} is not a safetensors file (its header is not JSON); copy or download it again.',
  safetensorsHeaderNotObject:
    '{{file}} is not a safetensors file (its header is not an object); copy or download it again.',
  safetensorsEntryWrong: '{{file}} has a bad header: {{name}} {{demand}}; copy or download it again.',
  safetensorsEntryKeyWrong: '{{file}} has a bad header: {{name}}: {{key}} {{demand}}; copy or download it again.',
  safetensorsEntrySize:
    '{{file}} has a bad header: {{name}} [{{shape}}] {{dtype}} needs {{needed}} bytes, not {{size}}; copy or download it again.',
  safetensorsOverlap: '{{file}} has a bad header: {{name}} overlaps another tensor; copy or download it again.',
  safetensorsGap: '{{file}} has a bad header: {{name}} leaves a gap after another tensor; copy or download it again.',
  safetensorsShrank: '{{file}} became shorter while it was read; copy or download it again.',
  dtypeUnsupported:
    '{{file}}: {{name}} is of dtype {{dtype}}; only F32, F16 and BF16 can be read, so convert the file to one of them.',
  ggufMissing: '{{file}} is missing; name a file that is there. npx dpo-driver models lists them.',
  ggufNotAFile: '{{file}} is not a file; name a GGUF file. npx dpo-driver models lists them.',
  ggufMagicMissing: '{{file}} is not a GGUF file: it does not begin with "GGUF"; copy or download it again.',
  ggufVersion: '{{file}} is of GGUF version {{version}}; this lab reads versions 2 and 3. Convert the model again.',
  ggufBigEndian: '{{file}} is a GGUF file for big-endian machines; use the usual one, which is little-endian.',
  ggufCutOff:
    '{{file}} is cut off or damaged: its header does not end within its {{size}} bytes; copy or download it again.',
  ggufHeaderTooLong: '{{file}} is damaged: its header would be over 100 MB; copy or download it again.',
  ggufTensorCutOff:
    '{{file}} is cut off: {{name}} ends at byte {{end}}, the file has {{size}}; copy or download it again.',
  ggufDamaged: '{{file}} is damaged: {{what}}; copy or download it again.',
  ggufKeyTwice: 'it has the key {{key}} twice',
  ggufTensorTwice: 'it has the tensor {{name}} twice',
  ggufNameLong: 'the name at byte {{at}} of its header is too long',
  ggufValueType: '{{key}} has the type {{type}}, which GGUF does not have',
  ggufTensorType: '{{name}} has the type {{code}}, which ggml does not have',
  ggufDimensions: 'the tensor "{{name}}" has {{count}} dimensions',
  ggufTensorHuge: '{{name}} is [{{shape}}], more than any file can hold',
  ggufRowsOfBlocks:
    'the rows of {{name}} have {{columns}} numbers, which are no whole blocks of {{type}} ({{numbers}})',
  ggufAlignment: 'general.alignment is {{alignment}}, which is no power of two',
  ggufOffset: '{{name}} begins at {{offset}}, which is no multiple of {{alignment}}',
  ggufOverlap: '{{name}} and {{other}} overlap',
  ggufTokenTypes: 'it has {{tokens}} tokens, and {{types}} kinds of tokens in token_type',
  ggufMergeWrong: 'the merge "{{merge}}" is not two tokens',
  ggufTypeUnsupported:
    '{{file}}: {{name}} is of type {{type}}, which this lab does not read; use a file of the model in one of {{types}}.',
  ggufPartName:
    '{{file}} is one of {{count}} parts of a model; give the parts names such as model-00001-of-00003.gguf again.',
  ggufPartMissing: '{{file}} is a part of a model, and {{missing}} is not beside it; copy all parts into one folder.',
  ggufPartsDisagree: '{{file}} does not belong to the other parts ({{key}} differs); copy or download all parts again.',
  ggufNoModel: '{{file}} holds no model (its general.type is {{kind}}); name the file of the base model.',
  ggufArchitecture:
    '{{file}} holds a model of architecture {{architecture}}; this lab computes {{known}}. Use a model of one of these.',
  ggufOtherModel: 'this lab does not compute such a model',
  ggufHeadSizes:
    '{{file}}: {{key}} is {{found}}, but each head has {{wanted}} numbers; this lab does not compute such a model.',
  ggufRopeFactors: "{{file}}: {{name}} does not agree with Llama 3's rope_scaling; this lab computes no other scaling.",
  ggufTokenizer:
    "{{file}} has a tokenizer of kind {{model}}; this lab reads byte-level BPE (gpt2) only. Use a model that has one, or the model's own folder from Hugging Face.",
  ggufPreTokenizer:
    "{{file}} cuts text by the rules {{pre}}; this lab knows {{known}}. Use the model's own folder from Hugging Face.",
  ggufOtherTokenizer: 'convert the model again',
  ggufTemplateMissing:
    '{{file}} has no chat template (tokenizer.chat_template); use another GGUF file of the model, or its own folder from Hugging Face.',
  ggufFolder: '{{folder}} holds GGUF files and no config.json; name one of the files: {{files}}.',
  tokenizerFileMissing: "{{file}} is missing; copy it from the model's original folder.",
  tokenizerUnusable:
    "{{file}} is not a tokenizer that this lab can use: {{reason}}; copy the model's own tokenizer.json.",
  vocabularyLacksBytes:
    '{{file}}: the vocabulary lacks {{missing}} of the 256 bytes, so it is no byte-level BPE; use the tokenizer.json that belongs to the model.',
  addedTokenElsewhere:
    '{{file}}: added_tokens_decoder gives {{token}} the id {{id}}, and tokenizer.json does not; take both files from the same model.',
  preTokenizerOfAnother:
    '{{file}}: the pre-tokenizer cuts {{apart}} of {{tried}} tokens of the vocabulary apart (such as {{example}}), so the model was trained with another; transformers 5 writes such a file when it saves a model of type qwen2. Copy the original tokenizer.json.',
  chatTemplateMissing: '{{file}}: chat_template is missing; add it there or as chat_template.jinja beside it.',
  chatTemplateSilent:
    'The chat template of the model leaves out what the user says: it writes {{text}}; use the one that came with the model.',
  chatTemplateFailed: 'The chat template in {{folder}} failed ({{reason}}); use the one that came with the model.',
  templateTooSlow: 'it does not end',
  templateTooLong: 'it is too deep, or its text is too long',
  templateRange: 'range() has more than 100,000 numbers',
  templateBroken: 'it is not a whole template',
  stopTokenMissing: '{{file}}: no token ends an answer; set eos_token to one of added_tokens.',
  vocabularyTooLarge:
    "The tokenizer has token ids up to {{largest}}, but the model's vocab_size is {{size}}: tokenizer.json and config.json belong to different models; take both from the same model.",
  adapterConfigMissing: "{{file}} is missing; give the folder of a LoRA adapter in PEFT's layout.",
  adapterOtherPrompt:
    '{{file}} was trained with the prompt {{trained}}, but the model is asked with {{prompt}}; set model.prompt to the first.',
  adapterOtherWording:
    '{{file}} was trained with the prompt {{trained}}, which had other words than {{prompt}} of this version; it may answer worse.',
  adapterInPickle:
    '{{file}} is missing, and adapter_model.bin (pickle) can run code when it is read; load the adapter in PEFT and save it again with save_pretrained, which writes safetensors.',
  adapterInSubfolder:
    '{{folder}} has no adapter_config.json, but there are adapters in sub-folders: {{within}}; name the folder of one.',
  makesOtherAdapter: 'makes this an adapter of another kind ({{method}})',
  plainLoraOrMerged:
    'this lab supports only plain LoRA; merge it in PEFT with merge_and_unload and use the merged model as the base model, or train plain LoRA',
  adapterInitConvertible:
    '{{file}}: init_lora_weights is {{init}}, so the adapter belongs to a base model that PEFT changed before training; save it as plain LoRA with save_pretrained(TO, path_initial_model_for_weight_conversion=FIRST) in PEFT, where FIRST is the folder of the adapter as it was saved before training.',
  adapterInitChangesBase:
    '{{file}}: init_lora_weights is {{init}}, so the adapter belongs to a base model that PEFT changed before training; merge both in PEFT with merge_and_unload and use the merged model as the base model.',
  adapterInitUnknown:
    '{{file}}: init_lora_weights is {{init}}, which this lab does not know, and which may have changed the base model before training; merge both in PEFT with merge_and_unload and use the merged model as the base model.',
  adapterPattern:
    '{{file}}: {{key}} holds a regular expression that this lab cannot read, or that takes too long; write the names of the modules instead.',
  adapterTensorOfMethod:
    '{{file}} holds {{name}}, so it is an adapter of another kind ({{method}}); this lab supports only plain LoRA. Merge it in PEFT with merge_and_unload and use the merged model as the base model, or train plain LoRA.',
  adapterPrefixMissing:
    "{{file}}: {{name}} lacks the prefix {{prefix}}, without which PEFT ignores a tensor; save the adapter with PEFT's save_pretrained.",
  adapterSeveral:
    '{{file}} holds tensors of several adapters ({{names}}); save one of them with save_pretrained(TO, selected_adapters=[NAME]) in PEFT.',
  adapterEmpty: '{{file}} holds no LoRA weights; copy the file again, or save the adapter again in PEFT.',
  adapterOtherDepth:
    '{{file}} adapts {{module}}, but the base model has {{layers}} layers; the adapter belongs to another model.',
  layersOverModel:
    'lora.layers_to_transform names layer {{layer}}, but the base model has {{layers}}, numbered from 0; name others, or null for all.',
  adapterOtherModule:
    '{{file}} adapts {{module}}; this lab supports LoRA only on the seven projections of a layer. Merge it in PEFT with merge_and_unload and use the merged model as the base model.',
  adapterStrangeModule:
    '{{file}} adapts {{module}}, which no model of this family has; the adapter belongs to another model.',
  adapterUntargeted:
    '{{file}} holds {{name}}, which {{config}} does not target, so PEFT would ignore it; take both files from the same training.',
  adapterModulesMissing_one:
    '{{file}} has no weights for {{count}} module that its adapter_config.json targets ({{name}}); it works as in the base model.',
  adapterModulesMissing_other:
    '{{file}} has no weights for {{count}} modules that its adapter_config.json targets (first {{name}}); they work as in the base model.',
  adapterTensorNotGathered:
    '{{file}}: {{name}} is empty or no matrix; the training (DeepSpeed ZeRO-3 or FSDP) saved a part of it, so gather the weights before you save.',
  adapterShapeWrong:
    '{{file}}: {{name}} is [{{shape}}], but the base model with adapter_config.json asks for [{{wanted}}]; the files belong to different models.',
  adapterTooLarge:
    '{{file}}: with a scale of {{scale}} the weights of {{module}} are too large to compute with; check r, lora_alpha and alpha_pattern in adapter_config.json.',
  adapterOtherWeights:
    '{{file}} was trained on other weights ({{trained}}) than those of {{base}}; name its own base model in model.base_model_name, or another adapter.',
  adapterOtherName:
    '{{file}} says that the adapter was trained on {{trained}}, but the base model here is {{base}}; if these are different models, its answers mean nothing.',
  adapterTensorUnknown:
    '{{file}} holds {{name}}, which is neither LoRA nor a weight of this model; the adapter is of another kind or belongs to another model.',
  adapterOtherVocabulary:
    '{{file}} holds {{name}} for {{rows}} tokens, but the base model has {{vocabulary}}: the vocabulary was resized before training. Merge both in PEFT with merge_and_unload and use the merged model as the base model.',
  adapterSavedWeights:
    "{{file}} holds {{name}}, which was trained beside LoRA and differs from the base model's; an adapter adds only LoRA here. Merge both with `npx dpo-driver merge` and use the merged model as the base model.",
  adapterSavedTied:
    '{{file}} holds {{name}}, but the base model has one matrix for embedding and head (tie_word_embeddings), and the adapter trained them apart; merge both in PEFT with merge_and_unload, set its config.tie_word_embeddings to False, and use the saved model as the base model.',
  adapterSavedMissing:
    '{{config}} says that {{module}} was trained ({{key}}), but {{file}} does not hold it; save the adapter again in PEFT.',
  mergeOntoInput: '{{folder}} holds the base model or the adapter; choose another folder for the merged model.',
  mergeTargetTaken: '{{folder}} already exists and is not an empty folder; choose another or remove it.',

  // Network
  throughProxy: 'through the proxy {{proxy}}: {{reason}}',
  proxyUnreadable: '{{variable}} is not the address of a proxy; write it as http://host:port.',
  proxyUnsupported:
    '{{variable}} names {{proxy}}, but the lab can use only proxies of http and https; write it as http://host:port.',

  // Hugging Face Hub
  hubNoSafetensors: '{{name}} on the Hugging Face Hub has no safetensors; choose another model.',
  hubGguf:
    '{{name}} on the Hugging Face Hub has GGUF files only; download one yourself, such as {{file}}, and name its path.',
  hubOtherWeights:
    '{{name}} on the Hugging Face Hub has no {{wanted}}, only {{files}}; choose a model with safetensors, or convert it.',
  hubAdapter:
    '{{name}} on the Hugging Face Hub is an adapter, not a model; name its base model, and copy the adapter to the path in the configuration.',
  hubLacksFile: '{{name}} on the Hugging Face Hub has no {{file}}, which the lab needs; choose another model.',
  hubDiskShort:
    '{{name}} needs {{needed}} more in {{folder}}, but {{free}} are free; free some, or set HF_HOME to another disk.',
  hubGated:
    '{{name}} on the Hugging Face Hub has conditions; accept them at {{page}}, then set HF_TOKEN or run `hf auth login`.',
  hubTokenRefused:
    '{{name}} on the Hugging Face Hub is restricted or does not exist, and your token may not read it; check the name, and HF_TOKEN or `hf auth login`.',
  hubTokenWrong: '{{source}} holds something that is not a token; log in again with `hf auth login`, or set HF_TOKEN.',
  hubEndpointWrong:
    'HF_ENDPOINT is not the address of a Hugging Face Hub; write it as https://host or https://host:port, such as https://huggingface.co.',
  byEndpoint: 'HF_ENDPOINT is {{address}}: {{reason}}',
  hubOddAnswer:
    '{{address}} does not answer as a Hugging Face Hub does ({{reason}}); check HF_ENDPOINT, and whether the network asks for a login.',
  hubFileLost: '{{name}} on the Hugging Face Hub no longer has {{file}}; try again.',
  hubNoHash: 'The Hugging Face Hub gives no hash of {{file}}; try again.',
  downloadBrokeOff:
    'The download of {{file}} stopped after {{done}} of {{size}} bytes; try again, and it continues from there.',
  downloadHashWrong: 'The downloaded {{file}} does not have the hash that the Hugging Face Hub gives; try again.',
  hubForbidden:
    '{{name}} on the Hugging Face Hub is restricted or does not exist; check the name, or set HF_TOKEN to a token that may read it (or run `hf auth login`).',
  hubNoModel: 'The Hugging Face Hub has no model {{name}}; check the name, which is owner/model.',
  hubStatus: 'The Hugging Face Hub answered with status {{status}} for {{name}}; try again later.',
  hubUnreachable:
    "{{name}} could not be downloaded: the Hugging Face Hub cannot be reached ({{reason}}); check the network and try again, or put the model's files into {{folder}}.",
  hubNoByte: 'no data came for {{milliseconds}} ms',
  hubNoAnswer: 'no answer came within {{milliseconds}} ms',

  // Engines
  theBaseModel: 'The base model',
  theAdapter: 'The adapter {{name}}',
  theOptimizerState: 'The optimiser state',
  nativeEngine: 'native, {{kernels}}, {{threads}}',
  nativeEngineFrozen: 'native, {{kernels}}, {{threads}}; weights {{precision}}, embedding and head {{head}}',
  kernelsPortable: 'portable',
  kernelsPortable64: 'portable, double precision',
  kernelsAvx2: 'AVX2',
  kernelsAvx512: 'AVX-512',
  kernelsAvx512Bf16: 'AVX-512 with products in bf16',
  kernelsAmx: 'AVX-512 with products in bf16 by AMX',
  kernelsAmxSlower: 'AVX-512 with products in bf16 (AMX is slower here)',
  kernelsAmxWrong: 'AVX-512 with products in bf16 (AMX is wrong here)',
  threads_one: '{{count}} thread',
  threads_other: '{{count}} threads',
  webgpuEngine: 'WebGPU on {{adapter}}; weights {{precision}}',
  webgpuEngineFrozen: 'WebGPU on {{adapter}}; weights {{precision}}, embedding and head {{head}}',
  matrixUnits: 'products of training and of prompts by matrix units, in float16, summed up in float32',
  tfjsWasm: 'TensorFlow.js on WebAssembly, {{threads}}',
  tfjsCpu: 'TensorFlow.js in plain JavaScript, {{threads}}',
  tfjsCard: 'TensorFlow.js on libtensorflow, on an NVIDIA card',
  tfjsProcessor: 'TensorFlow.js on libtensorflow, on the processor, as CUDA 11 found no card',
  engineNoted: '{{engine}}; {{note}}',
  wasmDoesNotStart: 'WebAssembly would be faster but does not start ({{reason}})',
  cardChosen: 'chosen because {{card}} with {{size}} holds the model',
  cardOfUnknownSize:
    'a graphics card may be here, but the system does not tell its memory; model.engine=webgpu computes on it',
  cardTooSmall: '{{card}} has {{size}}, and training and generation need up to {{needed}} there',
  modelTooSmallForCard: 'chosen because a graphics card is not faster with so small a model',
  cardInSoftware: 'WebGPU finds no graphics card, only {{found}}',
  cardUnusable: 'the graphics card cannot be used. {{why}}',
  chosenWithoutNative: 'training is many times slower than with the native engine. {{problem}}',
  modelOffline:
    "The model {{name}} is not on this machine, and {{variable}} forbids the download; unset {{variable}}, or put the model's files into {{folder}}.",
  modelPartial:
    'The model {{name}} is in the Hugging Face cache only in part: {{snapshot}} lacks {{missing}}; copy these files there, or the whole model into {{folder}}.',
  fileDamaged: '{{file}} (the one there is damaged)',
  modelPartialOffline:
    "The model {{name}} is in the Hugging Face cache only in part: {{snapshot}} lacks {{missing}}, and {{variable}} forbids the download; unset {{variable}}, or put the model's files into {{folder}}.",
  modelMissing:
    'The model {{name}} is neither a folder with a config.json nor a GGUF file, nor in models/ or the Hugging Face cache {{cache}}; put its config.json, tokenizer.json, tokenizer_config.json and *.safetensors into {{folder}}.',
  modelOtherFamily: '{{family}} is a family that the lab does not run',
  modelLacks: 'incomplete, as it lacks {{missing}}',
  modelKeyUnsupported: '{{key}} {{demand}}',
  modelQuantized: 'its weights are quantised already; take the model that they were made from',
  modelUnreadable: 'its files cannot be read',
  modelTypeUnsupported: 'its weights are of type {{type}}, which the lab does not read',
  modelOtherTokenizer: 'the lab does not know its tokenizer',
  modelDamaged: 'damaged or cut off',
  modelOfAnotherKind: 'it is of kind {{kind}}, not a model',
  chatTemplate: 'a chat template',
  ollamaMissing: 'Ollama has no model {{name}} on this machine; `dpo-driver models` lists those that are there.',
  modelWithoutWeights: 'Ollama keeps its weights in a form that the lab does not read',
  modelShapeUnknown:
    'The model {{name}} is not on this machine, so its shape is not known; put its config.json into {{folder}}, or name one of {{known}}.',
  nativeNotBuilt:
    'The native engine is not built ({{file}} is missing); run npm run build:native, or set model.engine to tfjs.',
  nativeOutdated:
    'The native engine ({{file}}) was built from other sources than these; build it again with npm run build:native, or set model.engine to tfjs.',
  nativeDoesNotLoad:
    'The native engine does not load ({{reason}}); build it again with npm run build:native, or set model.engine to tfjs.',
  hostDidNotStart: 'The page that computes did not start ({{why}}); set model.engine to auto.',
  gpuMissing:
    'WebGPU finds no graphics card; install the driver of the card (on Linux also Vulkan’s loader, libvulkan1), or set model.engine to auto.',
  gpuInSoftware:
    'WebGPU finds no graphics card, only {{found}}, which computes on the processor and slowly; install the driver of the card, or set model.engine to auto. To use it all the same, set model.webgpu_adapter to software.',
  gpuOther:
    'WebGPU gives the adapter {{found}}, not {{wanted}}; set model.webgpu_adapter to a part of its name, or to null.',
  gpuPackageMissing:
    'The npm package webgpu does not load ({{reason}}); run npm install, or set model.webgpu_host to page.',
  gpuHostNotHere: 'The desktop app computes in a window; set model.webgpu_host to auto.',
  gpuLost: 'The graphics card was lost ({{reason}}); resume the run, and it continues from its last checkpoint.',
  gpuOutOfMemory:
    'The graphics card has not enough memory ({{reason}}); set model.precision to nf4 or batch_size to less, or close other programs that use the card.',
  gpuBufferTooSmall:
    'Prompts and answers that are computed together need {{needed}} in one piece, but the graphics card takes at most {{most}}; cut training sequences with training.sft.max_length and training.dpo.max_length, limit pages with environment.max_chars, or set model.engine to native.',
  gpuHeadsTooLarge:
    'The attention heads of this model have {{size}} numbers, more than the graphics card can compute; set model.engine to native.',
  gpuTooLate: 'The host of the graphics card did not answer within {{seconds}} s; resume the run.',
  hostEnded:
    'The process that computes for the lab has ended ({{how}}); resume the run, and it continues from its last checkpoint.',
  precisionNeedsNative:
    'Only the engines native and webgpu have model.precision {{precision}}; {{engine}} computes in fp32. Set model.precision to auto, or model.engine to native.',
  precisionNeedsCard:
    'Only the engine webgpu has model.precision {{precision}}; set model.precision to bf16, or model.engine to webgpu.',
  modelOverCard:
    'Training this model needs at least {{needed}} on the graphics card, but {{card}} has {{size}}; set model.precision to nf4, set model.engine to native, or choose a smaller model.',
  nodeGpuNotInstalled:
    'The engine tfjs-node-gpu needs a package that is not installed; run npm install {{package}}, or set model.engine to auto.',
  nodeGpuDoesNotStart: 'The engine tfjs-node-gpu does not start ({{reason}}); set model.engine to auto.',
  fp32OverMemory:
    '{{engine}} holds weights in fp32, which takes {{needed}} for this model, but only {{free}} of memory are free; set model.engine to native, which holds them in 4 bits, or choose a smaller model.',
  fp32OverCard:
    '{{engine}} holds weights in fp32, which takes {{needed}} for this model, but {{card}} has {{size}}; set model.engine to native, which holds them in 4 bits, or choose a smaller model.',

  gradientNotFinite:
    'The gradient holds NaN or infinity, so no step was taken: the training has diverged. Begin a new run with a lower learning rate.',
  logitsNotFinite:
    'The model computed NaN or infinity in place of the probabilities of the next token: the training of its adapter had diverged, or the checkpoint is damaged. Train it again with a lower learning rate, or copy the checkpoint again.',
  tfjsOutOfMemory:
    'TensorFlow.js has not enough memory for {{tokens}} tokens at once ({{reason}}); set model.engine to native, cut training sequences with training.sft.max_length and training.dpo.max_length, or limit pages with environment.max_chars.',
  tfjsDidNotStart: 'The backend {{backend}} of TensorFlow.js did not start; set model.engine to auto.',
  sequenceTooLong:
    'A sequence has {{tokens}} tokens, but the model takes at most {{limit}} (max_position_embeddings); shorten the text.',
  answerDoesNotFit:
    'An answer with an action takes at least {{shortest}} tokens, and max_new_tokens is {{max_new_tokens}}; raise it, or set model.constrained to false.',
  promptTooLong:
    'The prompt has {{tokens}} tokens and the answer may have {{max_new_tokens}}, but the model takes at most {{limit}} in all; give it a shorter page, or lower max_new_tokens.',

  // Files of pairs and samples
  mustBeMessages: 'must be a text or a list of messages',
  mustBeAnswer: "must be a text, or a list of messages that ends with the assistant's",
  mustBeEmpty: 'must be empty, because the lab trains on texts alone',
  mustBeWeightOne: 'must be 1 or absent, because the lab trains on every answer with the same weight',
  isMessagesAsText: 'has messages as a text that is no JSON; write them as a list, in Python with json.dumps, not str',
  mustBeginWithPrompt: 'must begin with the messages of the prompt, and go on with one answer',
  mustHaveOneAnswer: 'must have one message of the assistant, the last; write a line for each answer',
  mustEndWithUser: 'must end with a message of the user',
  mustStandOnce: 'is there twice',
  hasTemplateMarks: "has the marks of a chat template; give the user's text alone, or a list of messages",
  hasManyRows: 'holds many rows; write one object a line (pandas: orient=records, lines=True)',
  mustBeNamedPrompt: 'is not read; name it prompt',
  isUnpaired: 'belongs to unpaired answers; DPO learns from pairs, with prompt, chosen and rejected',
  isNoPair: 'is not of a pair; pairs have prompt, chosen and rejected',
  isOfPair: 'is of a pair; golden samples have prompt and completion, or messages',
  isNoSample: 'is not read; golden samples have prompt and completion, or messages',
  isAnswerToAvoid: 'is false: this is an answer to avoid, and golden samples are imitated',
  dataOfKind: '{{path}} is a file in {{kind}}; write it as JSON, one object a line.',
  kindUtf16: 'UTF-16',
  dataNotUtf8: '{{place}}: this line is not UTF-8; save the file in UTF-8.',
  dataTooLarge:
    '{{path}} has {{size}} MB, and the lab reads data files of up to {{limit}} MB; split it, or leave out columns.',
  mustBeUserMessage: "must be one message of the user, with or without the lab's system message before it",
  goldenChanged: '{{path}} has changed since it was listed; load the list again.',
  goldenNotEditable: 'Line {{line}} of {{path}} is in a form that the window does not edit; edit the file itself.',
  thoughtEmpty: 'A thought is one line of text; write one.',
  goldenIsList:
    "{{path}} is one JSON list, and the lab adds samples as lines. Write one object a line: jq -c '.[]' {{path}} > lines.jsonl, and set paths.sft_data to that file.",
  pairsAlike_one:
    '{{file}}: {{count}} pair has the same text as chosen and as rejected, and is skipped (line {{lines}})',
  pairsAlike_other:
    '{{file}}: {{count}} pairs have the same text as chosen and as rejected, and are skipped (lines {{lines}})',
  linesMore: '{{count}} more',
  dataIsFolder: '{{path}} is a folder; name a file of JSON lines. With datasets, to_json writes one.',
  dataIsPointer: '{{path}} is a pointer of Git LFS, not the data; fetch the data with git lfs pull.',
  sameWrong_one: '{{file}}: the same is wrong in {{count}} more line',
  sameWrong_other: '{{file}}: the same is wrong in {{count}} more lines',
  notJsonLines: '{{file}} is not JSON lines; write one JSON object a line.',
  hasOtherSystem: "has another system message than the lab's, with which the agent always plays; delete that message",
  dataUnreadable: '{{path}} cannot be read ({{code}}); name another file or change its owner.',
  entryPlace: '{{file}}:{{line}}, entry {{entry}} of the list',
  lineStrayComma: '{{place}}: there is a comma too many, before a closing bracket or at the end; delete it.',
  lineNotJson: '{{place}}: this line is not complete JSON; correct or delete it.',
  lineWrong: '{{place}}: the line {{demand}}; correct or delete it.',
  lineKeyWrong: '{{place}}: {{key}} {{demand}}; correct or delete the line.',

  // Pairs
  pairName: 'pair {{id}} ({{task}}, seed {{seed}}, step {{step}})',
  pairEdited: '{{place}}: changed {{texts}} of {{pair}}',
  pairSwapped: '{{place}}: swapped chosen and rejected of {{pair}}',
  chosenDoubt: 'The agent could not act on this answer: {{why}}.',
  chosenUnreadable_one:
    '{{file}}: the agent could not act on the chosen answer of {{count}} pair (line {{lines}}: {{why}}). Training uses it all the same.',
  chosenUnreadable_other:
    '{{file}}: the agent could not act on the chosen answers of {{count}} pairs (lines {{lines}}; the first: {{why}}). Training uses them all the same.',
  pairKept: '{{place}}: keeps {{pair}} again',
  pairAdded: '{{place}}: added {{pair}}',
  columnsChanged_one: '{{file}}: changed your own keys of {{count}} pair (line {{lines}})',
  columnsChanged_other: '{{file}}: changed your own keys of {{count}} pairs (lines {{lines}})',
  pairDropped: '{{file}} has no line for {{pair}}: dropped',
  pairsImported:
    '{{file}}: {{added}} added, {{changed}} changed, {{dropped}} dropped, {{same}} as they were, in round {{round}} of run {{run}}.',
  pairsImportedNothing: '{{file}} changes nothing: round {{round}} of run {{run}} has these pairs already.',
  fileChanged: '{{path}} was changed by hand. The changes are imported into round {{round}} of run {{run}}:',
  fileTaken_one:
    '{{path}} is not the export of a run in this store: its {{count}} pair is imported as the collection of run {{run}}.',
  fileTaken_other:
    '{{path}} is not the export of a run in this store: its {{count}} pairs are imported as the collection of run {{run}}.',
  fileWithoutPairs: '{{file}} holds no pairs; export some first, or choose another file.',
  preferencesMissing: '{{path}} does not exist; run the collect stage, or set paths.preference_data.',
  preferencesCopied: '{{path}} has lines that no run of this store wrote. A copy of it is kept in {{copy}}.',
  importMissing: "{{file}} does not exist; name a file of pairs in TRL's preference form.",
  noRoundToImport:
    'There is no round of pairs to import into. `npx dpo-driver collect` makes pairs; to train on pairs that you wrote elsewhere, set paths.preference_data to their file and run `npx dpo-driver dpo`.',
  noSuchRoundToImport: '{{names}}: there are no such pairs to import into; `npx dpo-driver runs` lists the runs.',
  noPairChosen: 'No pair was chosen; choose one or more.',
  noSuchPair: 'There is no pair {{pair}} any more; load the list again.',
  pairsOfDifferentRounds: 'These pairs belong to different rounds; correct the pairs of one round at a time.',
  answerEmpty: 'Pair {{pair}}: an answer must not be empty; drop the pair instead.',
  answersSame: 'Pair {{pair}}: chosen and rejected are the same text; change one, or drop the pair.',
  allPairsDropped: 'All pairs of run {{run}} were dropped by hand; keep some, or collect again.',
  trainingSetLost:
    'The store no longer has the pairs that run {{run}} began to train on; it cannot be resumed, so start a new run.',
  noPairsAllFailed:
    'These attempts gave no pair to learn from: none succeeded; train SFT longer or on more golden samples, lower collect.temperature, or choose easier tasks.',
  noPairsAllSolved:
    'These attempts gave no pair to learn from: none failed; choose harder tasks, or raise collect.temperature.',
  noPairsAllAlike:
    'These attempts gave no pair to learn from: no problem had a success and a failure with different actions on the same page; raise collect.attempts or collect.temperature.',
  noPairsOnlySlips:
    'These attempts gave no pair to learn from: the failures were slips of sampling, that is, answers far less likely than the successes; choose harder tasks, or raise collect.attempts.',
  firstRoundWithoutPairs: '{{why}} A resumed run has the same attempts again, so begin a new run.',
  laterRoundWithoutPairs: '{{why}} So the rounds end here, and the policy after round {{round}} stays.',
  scoringWhileRunning: 'A run is using the machine; try again when it has ended.',

  // Training
  goldenSamples: 'golden samples',
  heldOutSamples: 'held-out golden samples',
  preferencePairs: 'pairs',
  successSteps: 'steps of own successes',
  attemptSteps: 'steps of attempts',
  stepOfSuccess: "a step of the agent's success at {{task}}, seed {{seed}}",
  stepOfAttempt: 'a step of an attempt at {{task}}, seed {{seed}}',
  sequenceOverModel:
    '{{place}}: prompt and answer have {{tokens}} tokens, but the model takes at most {{limit}}. Shorten or remove it, or begin a new run with {{key}}={{limit}}, which cuts it as TRL does.',
  allTooLong:
    '{{key}} is {{max_length}}, which leaves none of the {{what}}: each prompt alone is that long. Begin a new run with a larger {{key}}.',
  truncated:
    '{{key}} is {{max_length}}. Of {{of}} {{what}}: {{cut}} cut to this length, {{dropped}} left out because the prompt alone is that long.',
  trainingCheckpointDamaged:
    'The checkpoint of this training is damaged ({{why}}). Delete {{path}}, and the training starts again.',
  lossNotFinite:
    'The loss became {{loss}} at step {{step}}: the training has diverged. Begin a new run with a lower learning rate.',
  weightsNotFinite:
    'The weights hold NaN or infinity after step {{step}}: the training has diverged. Begin a new run with a lower learning rate.',
  referenceNotFinite:
    'The reference policy gives no finite probabilities: the training that made it had diverged. Train it again with a lower learning rate.',

  // Messages of stages. (main/lab.ts, main/pipeline)
  promptChanged:
    'The run began with another prompt than this version of the lab has now ({{prompt}}). What it makes from here on is not comparable with what it has; begin a new run to compare.',
  configChanged: 'The configuration has changed since this run began. The run goes on with the old one.',
  studyShared: 'Taken from run {{run}} of the same study: {{what}}.',
  shareGolden: 'golden samples',
  shareSft: 'SFT',
  shareCollection: 'the collection',
  shareControls: 'the controls',
  shareBase: 'the episodes of the base model',
  download: 'Downloading the model: {{percent}}% of {{gigabytes}} GB ({{file}})',
  memoryShort:
    'Memory will be short: training needs about {{needed}}, and {{saving}} more while it saves a checkpoint. {{free}} are available.',
  memoryShortLater:
    'DPO will need about {{needed}} for pairs like these samples, but only {{free}} are available. Stop this run and begin a new one with a lower training.dpo.batch_size; a resumed run keeps its settings.',
  smallModelRates:
    'The model has {{parameters}} million parameters, but {{keys}} suits models of a few million. config.qwen2-0.5b.yaml and config.qwen2-7b.yaml have values that suit larger ones.',
  noExpert: 'There is no expert and no sample for {{tasks}}: SFT does not learn them.',
  goldenKept_one: '{{count}} sample is kept with this run alone: {{why}}',
  goldenKept_other: '{{count}} samples are kept with this run alone: {{why}}',
  goldenOtherSystem_one:
    '{{file}}: {{count}} sample has another system message than the agent plays with (line {{lines}})',
  goldenOtherSystem_other:
    '{{file}}: {{count}} samples have another system message than the agent plays with (lines {{lines}})',
  goldenUnreadable_one:
    '{{file}}: the agent could not act on the answer of {{count}} sample (line {{lines}}). Training uses it all the same.',
  goldenUnreadable_other:
    '{{file}}: the agent could not act on the answers of {{count}} samples (lines {{lines}}). Training uses them all the same.',
  preferencesFixed: '{{path}} is read-only and stays as it is; the pairs are in the store.',
  goldenDone: '{{sampleCount}} in {{path}}, {{recorded}} new',
  sftData: '{{sampleCount}}, {{heldOut}} held out; {{engine}}',
  sftDone: '{{stepCount}}, kept step {{step}}; adapter in {{path}}',
  sftStopped: '{{stepCount}}, the held-out loss stopped falling after step {{step}}; adapter in {{path}}',
  everythingBroke_one: 'The environment broke the only episode: {{why}}. Mend that, then resume the run.',
  everythingBroke_other:
    'The environment broke all {{count}} episodes, most of them because: {{why}}. Mend that, then resume the run.',
  someBroke_one:
    'The environment broke {{count}} of {{of}} episodes: {{why}}. It counts for nothing, and this run does not play it again once the stage is done.',
  someBroke_other:
    'The environment broke {{count}} of {{of}} episodes, most of them because: {{why}}. They count for nothing, and this run does not play them again once the stage is done.',
  collected: '{{attemptCount}}, {{solved}}% solved, {{broken}} broken by the environment',
  sampleHelps:
    'A golden sample of {{task}} would help most (problems that were never solved: {{unsolved}} of {{problems}}). Record one in the window, under Live, for example seed {{seed}}.',
  hardNegatives:
    'Attempts that turned away from the path of a success: {{count}}, of which {{failed}} failed. Pairs with a hard negative: {{pairs}}.',
  pairsIn: '{{pairCount}} in {{path}}',
  reviewed:
    'Reviewed by hand: {{reviewed}} of {{pairCount}}; {{dropped}} dropped, {{swapped}} swapped, {{edited}} edited',
  dpoData: '{{pairCount}}, {{goldenCount}}; reference {{reference}}',
  loraOfReference:
    'The adapter keeps the rank, modules and layers of {{reference}}. Your settings under lora differ, and count for SFT alone.',
  fewPairs:
    'DPO has only {{pairs}}. It sees every pair many times, and learns it by heart: collect at more problems, or with more attempts.',
  noMixedProblems:
    'No problem of the collection was both solved and failed, so policy gradients have nothing to learn from: the lab leaves out {{arms}}.',
  noSuccesses: 'The store holds no success of a collection, so the lab leaves out the control success_sft.',
  dpoDone: 'adapter in {{path}}; trained: {{arms}}',
  importDone: 'adapter in {{path}}',
  importArguments: 'It was trained with other options than those of the export: {{arguments}}',
  validated: '{{solved}}% of {{episodeCount}}',
  baseSilent_one:
    'The base model without training is not evaluated: it wrote no possible action for the first problem.',
  baseSilent_other:
    'The base model without training is not evaluated: it wrote no possible action for the first problems of {{count}} tasks.',
  sftAlone: '{{why}} The evaluation leaves out DPO.',
  withoutDpo: 'There is no DPO adapter yet, so the evaluation plays without DPO.',
  results: 'SFT {{sft}}%, DPO {{dpo}}%',
  resultsOfSft: 'SFT {{sft}}%',
  answersHeld: 'The answers were held to the actions that each page takes (model.constrained).',
  answersFree: 'The answers were free: what was no possible action failed (model.constrained is false).',
  resultsTable: '{{table}}',
  report: 'Report: {{path}}',

  // Workers on other machines. (main/workers, main/pipeline/stages/play-with-workers.ts)
  queueMissing: 'No queue is named; give --queue redis://host:port, or set workers.queue.',
  queueUnreachable:
    'The queue at {{address}} does not answer: {{why}}. Start Redis or Valkey there, or correct workers.queue.',
  queueRefuses:
    'The queue at {{address}} does not let the lab in: {{why}}. User and password come from DPO_DRIVER_QUEUE_USER and DPO_DRIVER_QUEUE_PASSWORD, and every key begins with workers.prefix.',
  queueSilent:
    'Nothing at {{address}} answered as a queue within {{seconds}} seconds. Correct workers.queue: rediss:// is for a server with TLS, redis:// for one without.',
  queueWantsPassword:
    'The queue at {{address}} wants a password. Set DPO_DRIVER_QUEUE_PASSWORD, and DPO_DRIVER_QUEUE_USER where the lab has a user of its own there.',
  queueWrongPassword:
    'The queue at {{address}} does not take this user and password. Correct DPO_DRIVER_QUEUE_USER and DPO_DRIVER_QUEUE_PASSWORD.',
  queueNoDatabase: 'The queue at {{address}} has no database {{database}}. Correct the end of workers.queue.',
  queueUntrusted:
    'The certificate of the queue at {{address}} is not trusted: {{why}}. NODE_EXTRA_CA_CERTS names the file of an authority of your own; check the host in workers.queue, and the clock of this machine.',
  queueTooOld: 'The queue at {{address}} is Redis {{version}}; at least {{least}} is needed, or Valkey.',
  queueForgets:
    'The queue at {{address}} removes keys when its memory is full (maxmemory-policy {{policy}}), and problems with them. Set maxmemory-policy to noeviction there.',
  queueAway: 'The queue at {{address}} does not take what the lab sends: {{why}}. The run goes on when it does.',
  queueBack: 'The queue works again.',
  playedBy_other: '{{count}} machines have played: {{parts}} episodes',
  problemSetAside: 'this problem ended or broke its worker {{tries}} times, so nobody plays it any more',
  setAside:
    'Task {{task}} at seed {{seed}} ended or broke its worker {{tries}} times. It is set aside as a fault; resume the run to try again.',
  workerFaults:
    'The last {{count}} problems all ended in faults, such as: {{why}}. Something is wrong with the browser of this machine; perhaps it lacks memory. This worker plays no more, and the lab plays these problems itself.',
  policyTooLarge: '{{file}}: a file of more than {{most}} MB cannot travel to workers; set workers.queue to null.',
  policyMissing:
    'The queue at {{address}} does not have the adapter {{hash}} any more, or has another in its place; this worker waits for the next.',
  resultTooLarge:
    'An episode on {{machine}} is larger than {{most}} MB and cannot travel; turn environment.pictures off.',
  refusesForm:
    '{{lab}} plays with version {{theirs}} of the lab, which this one, {{own}}, does not understand. Bring both to the same version.',
  refusesCode:
    '{{lab}} plays with another version of the lab: {{theirs}} there, {{own}} here. Bring both to the same version.',
  refusesPrompt: '{{lab}} asks the model with another prompt: {{theirs}} there, {{own}} here.',
  refusesBase:
    '{{lab}} plays with another base model: {{theirs}} there, {{own}} here, and their weights differ. Set model.base_model_name here to a copy of that model.',
  refusesPages_one: '{{lab}} plays a task whose page is another one here, or missing: {{tasks}}.',
  refusesPages_other: '{{lab}} plays {{count}} tasks whose pages are others here, or missing: {{tasks}}.',
  refusesKind:
    '{{lab}} has its evaluation played by machines of one kind (workers.one_kind): {{theirs}}. This one is: {{own}}.',

  // Places that a command uses. (main/pipeline/places.ts, main/pipeline/run-folder.ts, main/pipeline/output.ts)
  placesAtWork: 'Another command is using {{places}}; wait for it, or set {{keys}} to other places.',
  placesSame: '{{path}} is in both {{key}} and {{other}}; give each its own place.',
  outputOnPlace: '{{path}} belongs to {{key}} ({{place}}); name another path to write to.',
  placeNotAFolder: '{{key}} is {{path}}, which is not a folder; move it away or name another folder.',
  placeNotAFile: '{{key}} is {{path}}, which is not a file; move it away or name another file.',
  folderOfOthers: '{{key}} is {{path}}, which holds more than an adapter; name a folder for the adapter alone.',
  folderOfModel:
    '{{key}} is {{path}}, where a whole model is. Programs would use the adapter whenever they load that model; name another folder.',
  folderOfRun: '{{key}} is {{path}} in {{run}}, which belongs to an earlier run; name another folder.',
  runFolderAtWork: 'Another command is using {{path}}; wait for it, or set paths.reports to another folder.',
  runFolderTaken:
    '{{path}} belongs to a run of another store; set paths.reports to another folder and start a new run.',

  // Runs that cannot start, or lack something. (main/lab.ts, main/jobs.ts, main/pipeline, main/exports)
  labCloses: 'The lab is ending. Start it again to go on.',
  runAtWork: 'Run {{run}} ({{command}}) is running; wait until it ends, or stop it first.',
  noRun: 'There is no run {{run}}; `npx dpo-driver runs` lists them.',
  runDeleted: 'Run {{run}} is deleted; bring it back in the window, under Runs & models.',
  collectionInUse:
    'Run {{trainer}} trains on the pairs of run {{run}} and is not done; let it finish first, or delete it too.',
  nothingCollected: 'There are no pairs to train on; run the stage collect first.',
  noPairsOfRun: 'There are no pairs of run {{run}} to train on; run the stage collect first.',
  noPairsOfRound: 'There are no pairs of round {{round}} of run {{run}} to train on; run the stage collect first.',
  nothingToResume: 'There is nothing to resume: {{command}} has not run yet. Leave out --resume to start it.',
  nothingLeftToResume:
    'There is nothing to resume: run {{run}} ({{command}}) has finished. Leave out --resume to start again.',
  notEvaluated: 'Run {{run}} has no finished evaluation; run the stage evaluate.',
  adapterMissing: '{{path}}: there is no adapter here; run the stage {{command}} first.',
  noSample: '{{path}}: no golden sample of these tasks; run the stage golden, which records them.',
  noSampleNoExpert:
    '{{path}}: there is no golden sample of {{tasks}}, and no expert for it. Choose other tasks, or write your own samples.',
  goldenBroken:
    'The browser or the page of {{task}} broke {{times}} times at seed {{seed}} while golden samples were recorded ({{why}}). The lab takes no other seed instead, because the samples would differ. Try again, or leave the task out.',
  noSampleToReplay:
    '{{path}}: no golden sample of these tasks to replay; name other tasks, or set training.dpo.replay to 0.',
  pairsChanged: 'The pairs of round {{round}} of run {{run}} were collected again meanwhile; export them again.',
  nothingToExportPairs: 'Run {{run}} has no pairs to export; `npx dpo-driver runs` lists the runs.',
  nothingToExportEpisodes: 'Run {{run}} has no episodes to export; `npx dpo-driver runs` lists the runs.',
  nothingToExportMetrics: 'Run {{run}} has no metrics to export; `npx dpo-driver runs` lists the runs.',

  // Training elsewhere with TRL. (main/exports/trl.ts, main/pipeline/stages/import-adapter.ts)
  trlKto:
    "The loss kto takes its reference point from the pairs of one process, so several would train something else. Use another training.dpo.loss_type, or `npx dpo-driver export kto` and TRL's KTOTrainer.",
  trlGguf:
    'The base model of this run is a GGUF file ({{file}}), which TRL cannot train; make a run with the same model in Hugging Face layout, and export that.',
  trlExported:
    '{{pairCount}}, {{stepCount}} of own successes and {{goldenCount}} of run {{run}}, round {{round}}, and the adapter {{reference}} are in {{folder}}. README.md there says how to train.',
  importNotAFolder: '{{path}} is not a folder; unpack it first, and give the folder that train.py wrote.',
  importNoRecord:
    '{{folder}} has no trained.json, which train.py writes beside the adapter; give the folder that it wrote.',
  importRecordTooLarge:
    '{{file}} is too large for the record of a training; copy it again from where train.py wrote it.',
  importCopyAgain: 'copy it again from where train.py wrote it',
  importOtherLab:
    'The adapter in {{folder}} was trained on an export of run {{run}}, round {{round}}, of another lab or of a run that was deleted; import it in the lab that wrote the export.',
  importOtherRound:
    'The adapter in {{folder}} was trained on round {{round}} of run {{run}}, and not on what this run began with; import it without --resume.',
  importOtherBase:
    'The adapter in {{folder}} was trained on the base model {{trained}}, and {{base}} has other weights; set model.base_model_name to the model of the export.',
  importWholeModel: '{{folder}} has a whole model; the lab takes back only the LoRA adapter that train.py writes.',
  importOtherLora:
    'The adapter in {{folder}} has another rank, another alpha or other modules than the one of the export; give the folder that train.py wrote.',
  importNeedsFolder: 'Only the command line imports an adapter: `npx dpo-driver adapter import FOLDER`.',

  // Studies of many training seeds. (main/study)
  planUnreadable: '{{path}}: the plan cannot be read ({{code}}). docs/METHOD.md shows one.',
  planVariantPlace: '{{place}} (variant {{variant}})',
  planSetKey: 'The plan sets {{key}} for all members. A study names its runs and their places itself; leave it out.',
  planVariantKey:
    'Variant {{variant}} sets {{key}}. A study sets seeds, names and places itself; list training seeds under seeds.',
  planWithoutVariants: 'The plan has no variant. Leave out variants to study one, or name at least one.',
  planNeedsSeeds: 'A study needs at least two different training seeds.',
  planTooLarge: 'The plan has {{members}} trainings; a study takes at most {{most}}.',
  planOtherProblems:
    'Variant {{variant}} changes which problems are evaluated ({{key}}), so its policies cannot be compared with the others. Set evaluation.tasks and the other keys of evaluation under set.',
  studyExists:
    'There is a study {{name}} already ({{study}}). Add --resume to continue it, also with more seeds or variants, or give the plan another name.',
  studyNone: 'There is no study {{name}} to resume. Leave out --resume to start it.',
  studyGone: 'There is no study {{study}}; `npx dpo-driver studies` lists them.',
  studyMemberGone: 'Study {{study}} has no member {{member}}; `npx dpo-driver studies show {{study}}` lists them.',
  studyMemberDiffers:
    'Seed {{seed}} of variant {{variant}} is in study {{name}} with other settings. Give the variant or the plan another name.',
  studiesNothingLeft: 'No open study has a training left to do.',
  studyNameTaken: 'There is a study {{name}} already. Give this one another name.',
  studyAtWork: 'Study {{name}} is running. Pause it first.',
  studyNothingDone: 'No training of study {{study}} is finished, so there is no result yet.',

  // Merging adapters. (main/adapters)
  mergePreTokenizer:
    "The tokenizer's pre-tokenizer is not Qwen2's: load the merged model's with AutoTokenizer, as Qwen2Tokenizer of transformers 5 would replace it.",
  mergeFolderAsGguf: '{{file}} is the name of a GGUF file; add --gguf to write one, or name a folder.',
  mergeGgufName: '{{file}} does not end in .gguf, by which programs know the format; choose another name.',
  mergeFileTaken: '{{file}} already exists; choose another name or remove it.',
  mergeGgufPreTokenizer:
    'llama.cpp has no rules that cut text as this tokenizer does, so it may give some texts other tokens than the lab; pass it token ids where they must be the same.',
  ggufTooLarge: '{{name}} holds a number that {{type}} cannot hold; write the model in BF16.',
  mergeAtWork: '{{target}} is being written; wait until that ends, or stop it first.',
  mergeNeedsRoom:
    '{{folder}}: the merged model takes {{needed}}, but only {{free}} are free; free some space, or choose another folder.',

  // What is dropped on the window. (main/imports)
  givenMissing: 'There is nothing at {{path}} on the machine of the lab: correct the path.',
  givenUnknown:
    '{{path}} is neither a model, an adapter nor a data set: drop a folder with config.json and weights, a GGUF file, a PEFT folder with adapter_config.json, or JSON lines of golden samples or pairs.',
  givenSeveralGguf: '{{path}} holds several models: {{files}}. Drop the one that you mean.',
  givenDataByPath: '{{path}} may be a data set: drop the file itself on the window.',
  givenOtherData:
    '{{file}} has neither golden samples nor pairs. Its first line has the keys {{keys}}. Samples have prompt and completion, or messages; pairs have prompt, chosen and rejected.',
  givenEmptyData: '{{file}} has no samples.',

  // Memory and disk that a run needs. (main/capacity, main/pipeline/stages/verify.ts)
  nodeTooOld: 'Node {{version}} is too old; the lab needs Node 24. Run `npm run setup`.',
  diskShort: '{{folder}}: {{needed}} are needed, but only {{free}} are free; free some space.',
  diskShortForDownload:
    "{{folder}}: the model's download and the files made from it need {{needed}}, but only {{free}} are free; free some space.",
  lengthsOverModel:
    'Prompt and answer have {{tokens}} tokens, but the model takes at most {{limit}}; give --prompt and --completion smaller values, or choose another model.',
  memoryTooSmall:
    'At least {{needed}} of memory are needed, but only {{free}} are free; close other programs, or choose a smaller model.',
  memoryTooSmallUnlessNf4:
    'At least {{needed}} of memory are needed, but only {{free}} are free; close other programs, set model.precision to nf4, or choose a smaller model.',
  trainingTooLarge:
    'There is not enough memory: training needs about {{needed}}, and {{saving}} more while it saves a checkpoint. {{free}} are available. Close other programs, or choose a smaller model.',
  trainingTooLargeUnlessSet:
    'There is not enough memory: training needs about {{needed}}, and {{saving}} more while it saves a checkpoint. {{free}} are available. A resumed run keeps its settings, so run `npx dpo-driver {{stage}} --set {{overrides}}`.',
  memoryParts: '{{total}} ({{parts}})',
  memoryWeights: 'weights {{size}}',
  memoryAdapter: 'adapter {{size}}',
  memoryOptimizer: 'gradients and optimiser {{size}}',
  memoryActivations: 'activations {{size}}',
  memoryLogits: 'logits {{size}}',
  memoryProcess: 'the lab itself {{size}}',

  // Titles, units and results of stages. (main/pipeline/stages)
  titleVerify: 'check that everything is there',
  titleGolden: 'scripted experts show each task',
  titleSft: 'the base model learns from golden samples',
  titleCollect: 'the agent tries tasks; successes and failures become pairs',
  titleDpo: 'the agent learns from its pairs',
  titleImport: 'an adapter that was trained elsewhere becomes the policy of the round',
  titleValidate: 'the agent plays the validation block',
  titleEvaluate: 'all policies play the same unseen problems',
  unitChecks: 'checks',
  unitTasks: 'tasks',
  unitSteps: 'steps, now {{arm}}',
  unitAttempts: 'attempts',
  unitEpisodes: 'episodes',
  lineVerify_one: '{{count}} check passed',
  lineVerify_other: '{{count}} checks passed',
  lineGolden: '{{golden}}, {{recorded}} new',
  lineSft: '{{samples}}, {{steps}}, step {{step}} kept',
  lineTruncated: '{{line}}; {{cut}} cut to {{max_length}} tokens, {{dropped}} left out as too long',
  lineCollect: '{{attempts}}, {{solved}}% solved, {{pairs}}',
  lineDpo: '{{pairs}}, reference: SFT policy',
  lineDpoLater: '{{pairs}}, reference: policy of round {{round}}',
  lineDpoControls_one: '{{held}}; {{count}} control trained too',
  lineDpoControls_other: '{{held}}; {{count}} controls trained too',
  lineDpoElsewhere: '{{held}}; trained elsewhere: {{elsewhere}}',
  lineValidate: '{{solved}}% of {{n}} solved',

  // Policies, and conclusions about them. (main/evaluation)
  armBase: 'Base model',
  armExpert: 'Scripted expert',
  armSft: 'SFT',
  armDpo: 'DPO',
  armDpoRound: 'DPO, round {{round}}',
  armDpoBefore: 'DPO before training again',
  armDpoBeforeShort: 'DPO before',
  armSuccessSft: 'SFT on own successes',
  armRloo: 'RLOO',
  armGrpo: 'GRPO',
  armHardNegatives: 'Hard negatives',
  armSuccessSftShort: 'Own successes',
  armNllChosen: 'NLL on chosen',
  armReplay: 'Golden replay only',
  armReplayShort: 'Replay only',
  armInSentence: '“{{arm}}”',
  twoTogether: '{{first}} and {{second}}',
  manyTogether: '{{others}}, and {{last}}',
  pairedFigures: '{{difference}} points, 95% interval {{low}} to {{high}}, {{p}}',
  dpoBetter: 'DPO solves more problems than SFT: {{figures}}.',
  dpoWorse: 'DPO solves fewer problems than SFT: {{figures}}.',
  dpoSame: 'No measurable change from SFT to DPO ({{figures}}).',
  againBetter: 'Trained again, DPO solves more problems than before: {{figures}}.',
  againWorse: 'Trained again, DPO solves fewer problems than before: {{figures}}.',
  againSame: 'Training again made no measurable difference ({{figures}}).',
  hadToBeDpo: 'In this run {{arm}} beats every control, given the same episodes and steps: {{controls}}.',
  baseBeaten: '{{arm}} solves more problems than the base model without training: {{figures}}.',
  baseBetter: '{{arm}} solves fewer problems than the base model without training: {{figures}}.',
  baseSame: 'No measurable difference between {{arm}} and the base model without training ({{figures}}).',
  controlsBeaten: '{{arm}} beats {{controls}}, given the same episodes and steps.',
  controlsSame: 'No measurable difference between {{arm}} and {{controls}}.',
  controlsBetter: '{{arm}} is worse than {{controls}}, given the same episodes and steps.',
  oneSeed:
    'This is one training seed. Chance in training is not in these figures. A study of several seeds tells more: “Repeat with 5 seeds” in the window, or dpo-driver study in a terminal.',
  armOfVariant: '{{arm}} ({{variant}})',
  studyFigures:
    '{{difference}} points, 95% interval {{low}} to {{high}}, {{p}}, over {{seeds}} training seeds and {{problems}} problems',
  studyBetter: '{{of}} is better than {{against}}: {{figures}}.',
  studyWorse: '{{of}} is worse than {{against}}: {{figures}}.',
  studySame:
    'No measurable difference between {{of}} and {{against}} ({{figures}}). A study of this size finds {{detectable}} points or more in four of five cases.',
  studyTooSmall:
    'No measurable difference between {{of}} and {{against}} ({{figures}}). This study is too small to find any.',
  studyAlike: '{{of}} and {{against}} ended alike in every episode.',
  studyUnfinished: 'Trainings finished: {{done}} of {{planned}}. These figures are of those.',
  studyTooFew: 'Fewer than two training seeds are finished, so nothing can be compared yet.',

  // The checks of `verify`, and their findings. (main/pipeline/stages/verify.ts)
  check: '{{name}}: {{found}}',
  checkNode: 'Node',
  checkDisk: 'Disk',
  checkCard: 'Card',
  checkMemory: 'Memory',
  checkModel: 'Model',
  checkEngine: 'Engine',
  checkTasks: 'Tasks',
  checkBrowser: 'Browser',
  checkQueue: 'Queue',
  foundNode: '{{version}}',
  foundFree: '{{size}} free',
  foundDisk: '{{size}} free, {{needed}} needed',
  foundDiskForDownload: '{{size}} free, {{needed}} needed, {{download}} of it to download the model',
  foundCard: '{{card}} with {{memory}}',
  foundAdapter: '{{adapter}}; the system does not tell how much memory it has',
  foundAdapterMemory: '{{adapter}} with {{memory}}',
  foundAdapterAndNeed:
    '{{found}}; with prompts of {{prompt}} tokens, training and generation need up to {{needed}} there',
  foundSoftwareAdapter: '{{adapter}}: computes on the processor, and slowly',
  foundNoCard: 'nvidia-smi finds none: tfjs-node-gpu computes on the processor',
  foundNoUseForCard: 'not needed: {{engine}} computes on the processor',
  foundMemory: '{{size}} free, {{needed}} needed at most',
  foundLeastMemory: '{{size}} free, {{needed}} needed at least: weights, adapter and optimiser in fp32',
  foundShortMemory:
    '{{size}} free, {{least}} needed at least, up to {{most}} where pages are as long as environment.max_chars allows: lower batch_size in training.sft and training.dpo, and raise grad_accumulation_steps by the same factor',
  foundModel: '{{name}}: {{layerCount}}, width {{hidden}}, vocabulary {{vocabulary}}, prompt {{prompt}}',
  foundModelAndRates: '{{model}}. {{rates}}',
  foundEngine: '{{engine}}',
  foundTasks_one: '{{count}} task',
  foundTasks_other: '{{count}} tasks',
  foundOwnTasks_one: "{{count}} task, on the lab's own page: MiniWoB++ is not installed",
  foundOwnTasks_other: "{{count}} tasks, of which {{own}} on the lab's own pages: MiniWoB++ is not installed",
  pageOfTask: '{{task}}: {{why}}',
  foundPages_one: 'the page of {{count}} task answers, {{milliseconds}} ms',
  foundPages_other: 'the pages of {{count}} tasks answer, {{milliseconds}} ms',

  foundQueue: '{{server}} {{version}}, {{workers}}, {{file}}',
  queueWorkers_one: '{{count}} worker',
  queueWorkers_other: '{{count}} workers',
  queueRefusers_one: '{{count}} worker that does not play for every lab (dpo-driver workers says why)',
  queueRefusers_other: '{{count}} workers, some of which do not play for every lab (dpo-driver workers says why)',
  queueFile: 'an append-only file keeps problems through its restart',
  queueNoFile: 'no append-only file: what was in progress is played again after its restart',

  // Recordings by hand. (main/live)
  recordMoved: 'The page differs from what it was before. Continue from here.',
  recordUndone: 'The last step is undone: the page was started again, and the earlier steps were done again.',
  recordBroken: 'The page is broken ({{why}}): record again.',
  recordImpossible: 'That cannot be done: {{why}}.',
  recordWrong: 'The page says that this is wrong (reward {{reward}}): undo the last step, or record again.',
  recordAgain: 'Solved. The lab now replays the steps to check that they are enough.',
  recordDone: 'Solved. Replaying the steps solved the task again.',
  recordNotEnough: 'Solved, but the recorded steps are not enough: in the replay, {{why}}.',
  againMissing: 'there is no {{element}} at step {{step}}',
  againUnwritten: 'step {{step}} cannot be written as an action ({{reason}})',
  againImpossible: 'step {{step}} cannot be done ({{why}})',
  againWrong: 'the page ends without full reward at step {{step}}',
  againEndless: 'the episode does not end',
  againBroken: 'the page breaks ({{why}})',

  // Requests of windows, and the server that answers them. (main/rpc)
  labMistake: 'The lab has a bug; its log has the details.',
  labMistakeIn: 'The lab has a bug ({{what}}); its log has the details.',
  requestNotUnderstood: 'The lab does not understand the request: {{key}} {{problem}}.',
  runGone: 'There is no run {{run}}; load the list again.',
  episodeGone: 'There is no episode {{episode}} any more; load the list again.',
  adapterGone: '{{path}}: there is no adapter here any more; load the list again.',
  nothingToGoOnWith: 'There is no run to resume; start a new one.',
  stopBeforeDeleting: 'Run {{run}} is running; stop it before you delete it.',
  adaptersInUse: 'A run is in progress and may read its adapters; wait until it ends, or stop it first.',
  checksWait: 'A run is using the machine; check again when it has ended.',
  timesWait: 'A run is using the machine; measure again when it has ended.',
  mergeFolderMissing: 'There is no folder {{folder}}; choose an existing one for the merged model.',
  browserCannotChoose: 'A browser cannot choose a path on this machine: type the path.',
  uploadTooLong: 'The file is longer than {{size}} MiB; split it.',
  notANumber: '"{{text}}" in the address is not a number.',
  portTaken: 'Port {{port}} is taken by another program; choose another with --port, or leave it out.',
  portReserved: 'Port {{port}} needs administrator rights; choose one above 1023 with --port.',
  hostUnknown: '{{host}} is not an address of this machine; leave --host out, or give one that it has.',
  openWholeAddress: 'Open the lab at the full address that it printed when it started.',
  notANameOfTheLab: '"{{host}}" is not an address of the lab; open the address that it printed.',
  pageOfOthers: 'Pages of other sites may not send requests to the lab.',
  linkOfOthers: 'Pages of other sites may not open the lab; put its address into the address bar.',
  readOnlyAddress:
    'This address of the lab is for watching and downloading. Nothing can be changed or started with it.',
  tokenFileWrong:
    'The file {{path}} must hold one token of at least {{least}} characters (letters, digits, and . _ ~ -), and nothing else. Delete the file, and the lab makes one with a new token.',
  tokenFileNotWritten: 'The token file {{path}} could not be made: {{why}}.',
  readOnly: 'This address takes only GET requests.',
  goOnThere: 'Continue at the address without the token.',
  noSuchFile: 'There is no such file.',
  windowNotBuilt: 'The window is not built yet; run `npm run build:renderer` and load this page again.',

  // The command line and the desktop app. (app)
  outputLost: 'A part of the output could not be written ({{code}}); write it to another place.',
  optionNegative: '{{option}} must be at least 0.',
  optionNotWhole: '{{option}} must be a whole number, but is "{{text}}".',
  optionTooLarge: '{{option}} must be between -{{most}} and {{most}}.',
  optionNotAPort: 'command line: {{option}} must be a number from 0 to 65535, but is "{{text}}".',
  optionNotTokens: '{{option}} must be a whole number of tokens above 0.',
  portUnavailable: 'Port {{port}} is taken; choose another with --port.',
  nothingToExport: 'There are no {{what}} to export yet; `npm run pipeline` makes some.',
  reportNameWrong: '{{file}}: a report is a page or a PDF; give a name that ends in .html or .pdf.',
  nothingRecorded: 'tracking.uri is null, so nothing is recorded; set it to auto.',
  recordedElsewhere: 'The runs are recorded at {{uri}}: open that address in a browser.',
  mlflowMissing:
    'MLflow is not installed. Install it (2.x or 3.x) with `pipx install mlflow`, or with `pip install mlflow` in an environment that pip may change; then run `npx dpo-driver mlflow` again.',
  quitWhileRunning: 'Run {{run}} ({{command}}) is running.',
  quitStopsRun: 'If you quit, the run stops. You can open the lab again and resume it.',
  quitKeep: 'Keep It Going',
  quitStop: 'Stop and Quit',
  mlflowFailed: 'mlflow ended with {{code}}; its output above says why.',

  // MLflow. (main/tracking)
  trackingAway:
    'The lab cannot write to MLflow at {{place}} ({{why}}). The run goes on, and the lab sends what is missing when MLflow answers again.',
  trackingDeleted:
    'The lab does not write to MLflow at {{place}}: {{why}}. If it is restored there, a later run sends what is missing.',
  trackingExperimentDeleted:
    'the experiment "{{experiment}}" is deleted there; restore it, or set tracking.experiment to another name for new runs',
  trackingRunDeleted: 'the run "{{run}}" is deleted there',
  trackingRunGone: 'the run is no longer there',
  trackingNotMlflow: 'it gives no answer of MLflow',
  trackingSilent: 'it did not answer in time',
  trackingStatus: 'it answers {{status}}',
  trackingKeepsFiles: 'it stores files at "{{uri}}" and accepts none over HTTP; start it with --serve-artifacts',
  // The end of a run.
  runEndedDone: 'Run {{run}} ({{command}}) is done',
  runEndedStopped: 'Run {{run}} ({{command}}) was stopped',
  runEndedFailed: 'Run {{run}} ({{command}}) failed',
  webhookAway: 'The webhook at {{place}} was not told of the end of the run: {{why}}.',
  trackingFiles: 'MLflow at {{place}} does not take reports and cards ({{why}}). The lab records params and metrics.',

  // How episodes end.
  fullReward: 'the page gave the full reward',
  'failure.wrong': 'the page ended without full reward',
  'failure.steps': 'out of steps',
  'failure.length': 'the answer reached the token limit',
  'failure.stuck': 'the expert knew no next action',
  'failure.form': 'the answer is not a line "Thought: <words>" and a line "Action: <action>"',
  'failure.verb': 'the action is none of click, fill, select, press',
  'failure.key': 'there is no such key',
  'failure.argument': 'the text or option after " = " is missing',
  'failure.ref': 'no element on the page has this ref (its number)',
  'failure.mismatch': 'the description is not that of the element with this ref (its number)',
  'failure.option': 'the select has no such option',
  'failure.gone': 'the element is gone',
  'failure.disabled': 'the element is disabled',
  'failure.covered': 'something else covers the element',
  'failure.noText': 'the element takes no text',
  'failure.readOnly': 'the field cannot be changed',
  'failure.noFocus': 'the field does not take the focus',
  'failure.tooLong': 'the text is longer than the field takes',
  'failure.notDate': 'a date field takes a date such as 2015-01-05',
  'failure.notTime': 'a time field takes a time such as 13:04',
  'failure.notMonth': 'a month field takes a month such as 2015-01',
  'failure.notWeek': 'a week field takes a week such as 2015-W02',
  'failure.notDatetime': 'a field for date and time takes both, such as 2015-01-05T13:04',
  'failure.notNumber': 'a number field takes a number such as 12 or 0.5',
  'failure.notOnSlider': 'a slider takes a number between its ends, on one of its steps',
  'failure.notColor': 'a colour field takes a colour such as #1a2b3c',
  'failure.noOptions': 'the element has no options',
  'failure.noSuchOption': 'there is no such option',
  'failure.optionDisabled': 'the option cannot be chosen',

  // Tasks and their pages. (main/environment)
  pageNameTaken: '{{file}}: there is a task {{task}} already; rename the page.',
  ownPageMissing: 'There is no page {{name}} of yours in {{folder}}.',
  ownPageTooLong: 'The page {{name}} has more than {{most}} characters: edit it in a program of yours.',
  ownPageNotUtf8: 'The page {{name}} is not written in UTF-8: save it as UTF-8 in a program of yours first.',
  ownPageNameTaken: 'There is a task {{name}} already, which is not yours: choose another name.',
  ownPageNameMeans: '{{name}} is another name of the task {{task}}: choose a name that no task has.',
  ownPageExists:
    'There is a page {{name}} in {{folder}} already. It was not replaced: choose another name, or open that page and change it.',
  ownPageChanged:
    'The page {{name}} has changed in its file since you opened it. It was not replaced: save yours under another name, or open the page anew.',
  tasksDirMissing: 'environment.tasks_dir is {{folder}}, but there is no such folder: create it or correct the path.',
  taskUnknown: 'There is no task {{task}}; the nearest names are {{near}}.',
  taskNotInstalled:
    'The task {{task}} is one of MiniWoB++, whose pages are not installed: run `npm run setup`, or name a clone with --miniwob. The nearest names that can be played are {{near}}.',
  miniwobMissing:
    'There are no MiniWoB++ pages in {{folder}}: name a clone of the benchmark, or the folder in it that holds core/ and miniwob/.',
  miniwobUrlNotFile: 'MINIWOB_URL is {{url}}: it must be a file:// address, so name a folder of this machine.',
  miniwobUrlWrong: 'MINIWOB_URL is {{url}}, which names no folder of this machine: write file:///path/to/html.',
  miniwobDownloadFailed:
    'pip could not download the MiniWoB++ pages ({{why}}): name a clone with --miniwob DIR, or go on with the built-in tasks.',
  pythonMissing: 'python3 is not installed',
  pipGaveNoAnswer: 'pip gave no answer',
  miniwobWrongHash:
    'The downloaded {{file}} has the SHA-256 {{digest}}, not {{known}}: it is not the known release of MiniWoB++, so it was not unpacked.',

  // Browsers. (main/environment)
  chromePathMissing: 'CHROME_PATH is {{path}}, but there is no such file: correct it or unset it.',
  browserMissing: 'No Chromium, Chrome or Edge was found: install one, or set CHROME_PATH to its executable.',
  browserNotInstalled:
    'No Chromium, Chrome or Edge was found, and none could be installed ({{failures}}): install one, or set CHROME_PATH to its executable.',
  chromeDownloadFailed: 'the download of Chrome failed: {{why}}',
  chromiumPackageFailed: 'apt-get install chromium failed: {{why}}',
  noChromeForSystem: 'there is none for this system',
  aptNeedsRoot: 'it needs root on Debian',
  chromiumNotInPath: 'there is still no chromium in PATH',
  browserKilled:
    'Each time {{path}} started, it was killed: by the system, for lack of memory, or by another program. Raise the memory limit, or close other programs.',
  browserOpenFiles:
    '{{path}} needs more open files than the limit of {{limit}} allows. Raise the limit, for example with `ulimit -n 4096` (in Docker: `--ulimit nofile=4096`), and try again.',
  browserFileSize:
    '{{path}} writes larger files than the limit of {{limit}} bytes allows. Raise the limit, for example with `ulimit -f unlimited`, and try again.',
  browserSandbox:
    '{{path}} cannot make its sandbox, because this system lets ordinary users make no namespaces. Allow it: `sysctl kernel.unprivileged_userns_clone=1`, or on Ubuntu `sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or in Docker `--security-opt seccomp=unconfined`.',
  browserProcesses:
    '{{path}} may start no more processes or threads. Raise the limit, for example with `ulimit -u 4096` (in Docker: `--pids-limit 4096`), and try again.',
  browserMemory: '{{path}} got no memory to start. Close other programs, or raise the memory limit.',
  browserLibrary:
    '{{path}} does not start, because the library {{library}} is not installed. Install it, or set CHROME_PATH to another browser.',
  temporaryFolderFull:
    'The folder for temporary files, {{folder}}, is full, so the browser has no room for its profile: make room there, or set TMPDIR to another folder.',
  temporaryFolderUnusable:
    'The browser’s profile cannot be written into the folder for temporary files, {{folder}} ({{why}}): set TMPDIR to a folder that you may write to.',
  browserDidNotStart:
    '{{path}} did not start ({{why}}): run it by hand to see why, or set CHROME_PATH to another browser.',

  // The agent. (main/agent)
  pageTooLong:
    '{{task}}, seed {{seed}}, step {{step}}: the page is too long for the model. {{why}} In a new run, environment.max_chars and environment.max_elements limit the page, and model.max_new_tokens the answer.',
  predictNoInstruction: 'The page has no instruction; say with --instruction what the agent is to do.',
  pageFileMissing: '{{file}}: there is no file here; give an HTML page, or an observation in JSON.',
  pageFileTooLarge: '{{file}}: the file is larger than {{limit}} MB, and no page is.',
  pageNotJson:
    '{{file}} is no observation in JSON; give one line of `play --json`, its observation, or a page whose name ends in .html.',
  pageKeyWrong: '{{file}}: {{key}} {{demand}}; compare it with the observation of a step of `play --json`.',
  pageNotOpened: '{{file}}: the browser could not open this page: {{why}}',
  predictNeedsPage:
    'predict takes the page as its second argument: the observation that reset or step of an environment returned.',

  // Episodes that people play and record. (main/live)
  playStopped: 'The episode was stopped.',
  noAdapterInFolder: '{{folder}}: there is no adapter here; name the folder of one.',
  stageNotRun: '{{folder}}: there is no adapter here; run the stage {{stage}} first.',
  tooManyRecordings: 'You have {{count}} pages open already: close one of them first.',
  screenGone: 'Nothing is played on this page any more: choose another page.',
  recordingGone: 'This recording is closed: record again.',
  recordingOver: 'This episode is over: record another one.',
  recordingUnsolved: 'Solve the task first: only a success can be saved.',
  refNotOnPage: 'The page shows no element with ref {{ref}} now.',
  pageFailed: 'The page of {{task}} failed ({{why}}): try again.',
  seedEvaluated:
    'Seed {{seed}} is one of the evaluation problems ({{first}} to {{last}}). A policy that has seen them cannot be measured on them: record another seed.',
  seedValidated:
    'Seed {{seed}} is one of the validation problems ({{first}} to {{last}}). A policy that has seen them cannot be measured on them: record another seed.',

  // The checks of a page that the user writes. (main/live/page-draft.ts)
  draftFailed: 'This page cannot be played: {{why}}.',
  pageCheckTooLong:
    'The checks were ended after {{seconds}} seconds, as the page answers slowly: make it quicker, then check again.',
  pageRepeats: 'Each seed from {{first}} to {{last}} gave its problem again.',
  pageRepeatsNot:
    'Seed {{seed}} gave two different problems: “{{one}}” and “{{other}}”. Take every random choice from Math.random.',
  pageAlwaysSame: 'Seeds {{first}} to {{last}} all gave the same problem: the seed changes nothing.',
  pageSolvedByExpert: 'Problems that the scripted expert solved: {{solved}} of {{played}}.',
  pageSolvedByHand: 'Problems that your golden samples solved: {{solved}} of {{played}}.',
  pageNotYetSolved: 'Nobody has solved it yet. Save the page and record a golden sample; then check again.',
  pageByAccident:
    'Problems that random clicks solved: {{solved}} of {{played}}. The agent learns little from a page that chance solves: end the episode at a wrong action, or ask for more.',
  pageNotByAccident: 'Problems that random clicks solved: {{solved}} of {{played}}.',

  // Faults of pages and browsers.
  pageWithoutCore: 'the page loads no core.js: copy it into the folder of the page, or load ../core/core.js',
  pageWithoutFiles:
    'the page asks for {{files}}, which it does not get: copy scripts into its folder; it can also read ../core/ and ../common/, but nothing else and no network',
  pageLacks: 'the page lacks {{parts}}: a page writes genProblem, has an element with the id query, and loads core.js',
  pageScriptFailed: 'a script of the page failed: {{error}}',
  pageWrongEncoding:
    'the browser cannot tell how the letters of the page are written: save it as UTF-8, with <meta charset="utf-8"> first in its head',
  pageLeft: 'the page put another document in its own place: a task is one page',
  pageCrashed: 'the page crashed',
  pageAnswerWrong: 'the page answered with a wrong {{part}}: it {{detail}}',
  episodeOverAtOnce: 'the episode was over before it began',
  episodeTooLong: 'the episode took longer than {{limit}} ms',
  noEpisodeOnPage: 'no episode has begun on this page',
  windowWithoutPage: 'the window has no page',
  windowsClosed: 'the windows were closed',
  windowFailed: 'the window failed: {{detail}}',
  browserClosed: 'the browser was closed',
  browserEnded: 'it ended ({{how}})',
  browserFailed: 'the browser failed: {{detail}}',
  tookTooLong: '{{work}} took longer than {{limit}} ms',
  'work.startBrowser': 'starting the browser',
  'work.openPage': 'opening a page',
  'work.loadPage': 'loading the page',
  'work.closePage': 'closing the page',
  'work.stopPage': 'stopping the page',
  'work.closeBrowser': 'closing the browser',
  'work.moveMouse': 'moving the mouse',
  'work.act': 'the action',
  'work.answer': 'the page’s answer',
  'work.takePicture': 'the picture',
  'work.startScreencast': 'the screencast',
  'work.askChromeVersion': 'asking for the version of Chrome',
  'work.downloadChrome': 'the download',
  'work.loadReport': 'loading the report',
  'work.printReport': 'printing the report',

  // The report of a run
  'report.kicker': 'DPO-Driver · run {{run}}',
  'report.footer':
    "Success means a raw reward of exactly 1. Intervals are Wilson's, 95%; differences are paired, tested with McNemar's exact test. An episode that the browser or a page broke in every try is shown as a fault, and its problem is counted for no policy.",
  'report.ofEpisodes_one': '{{interval}} of {{count}} episode',
  'report.ofEpisodes_other': '{{interval}} of {{count}} episodes',
  'report.change': 'Change',
  'report.changeInterval': '{{low}} to {{high}} points, {{p}}',
  'report.arms': 'Success of every policy',
  'report.armsLead': 'All of them played the same problems, greedily, none of which was seen in training.',
  'report.armsBase': 'The base model is the one before any training.',
  'report.armsControls': 'The controls learned from the same episodes, with the same number of steps, as {{arm}}.',
  'report.tasks': 'Task by task',
  'report.tasksLead':
    'Success in percent with its 95% interval. The change is DPO minus SFT on the same problems, in points, with its interval. Few episodes per task make wide intervals.',
  'report.task': 'Task',
  'report.overall': 'overall',
  'category.click': 'click',
  'category.type': 'type',
  'category.select': 'select',
  'category.form': 'form',
  'category.date': 'date',
  'category.email': 'email',
  'category.read': 'read',
  'category.own': 'own pages',
  'report.faults_one': '{{count}} fault',
  'report.faults_other': '{{count}} faults',
  'report.against': '{{arm}} against {{other}}',
  'report.pairedInterval': '{{difference}} points ({{low}} to {{high}}), {{p}}',
  'report.alone': '{{arm}} alone',
  'report.both': 'both',
  'report.neither': 'neither',
  'report.first': 'the first alone',
  'report.second': 'the second alone',
  'report.paired': 'The same problems, side by side',
  'report.pairedLead':
    'Who solved each problem. Only problems that one policy alone solved tell which policy is better.',
  'count.episodes': 'attempts',
  'count.successes': 'succeeded',
  'count.failures': 'failed',
  'count.faults': 'broken by the browser or a page, not used',
  'count.seeds': 'problems attempted',
  'count.seedsOnlySuccesses': 'problems without a failure, nothing to compare',
  'count.seedsOnlyFailures': 'problems without a success, nothing to compare',
  'count.sameActions': 'failures with exactly the actions of a success',
  'count.pageDiffers': 'failures whose page differed after the same actions',
  'count.ended': 'failures that ended before they differed from a success',
  'count.duplicates': 'the same pair again',
  'count.slips': 'a slip of sampling, far less likely than the success',
  'count.overCap': 'beyond the limit for one problem',
  'count.hard': 'pairs with a hard negative',
  'report.pairs': 'Where the pairs came from',
  'report.pairsLead':
    'Where two attempts at one problem first act differently, the answer of the success is chosen, and that of the failure is rejected. What was left out, and why:',
  'report.round': 'Round {{round}}',
  'report.pairsLeft': 'pairs to learn from',
  'report.ofProblems': '{{never}} of {{problems}}',
  'report.unsolved': 'Which golden sample would help most',
  'report.unsolvedLead':
    'Problems that no attempt solved give no pairs, so only a golden sample can teach them. Record one of the first task in the window, under Live.',
  'report.never': 'Never solved',
  'report.share': 'Of all problems',
  'report.oneSeedOf': 'A seed of these',
  'report.trainedOnRound': '{{stage}}, round {{round}}: {{what}}',
  'report.trainedOn': '{{stage}}: {{what}}',
  'report.lengths': 'What was too long for training',
  'report.lengthsLead':
    'Prompt and answer together kept their first max_length tokens. A pair or sample whose prompt alone has that length was left out.',
  'report.number': 'Number',
  'report.cut': 'Cut',
  'report.leftOut': 'Left out',
  'report.fault': 'fault: {{fault}}',
  'report.failures': 'Why attempts failed',
  'report.failuresLead': 'The most frequent causes for each policy.',
  'report.run': 'The run',
  'report.inAll': '{{time}} in all.',
  'report.time': 'Time',
  'report.seconds': '{{seconds}} s',
  'report.minutes': '{{minutes}} min {{seconds}} s',
  'report.facts': 'What it ran on',
  'report.settings': 'All settings',
  'fact.model': 'Model',
  'fact.engine': 'Engine',
  'fact.processor': 'Processor',
  'fact.versions': 'Versions',
  'fact.prompt': 'Prompt',
  'fact.reference': 'Reference',
  'fact.round': 'Round',
  'fact.seed': 'Training seed',
  'fact.answers': 'Answers',
  factProcessor_one: '{{processor}}, {{count}} core',
  factProcessor_other: '{{processor}}, {{count}} cores',
  factReferenceSft: 'the SFT policy, frozen',
  factReference: 'the policy after round {{round}}, frozen',
  factRounds: '{{round}} of {{rounds}}',
  'stage.verify': 'verify',
  'stage.golden': 'golden samples',
  'stage.sft': 'SFT',
  'stage.collect': 'collect',
  'stage.dpo': 'DPO',
  'stage.validate': 'validate',
  'stage.evaluate': 'evaluate',
  'figure.sftLoss': 'SFT loss',
  'figure.sftLossWords':
    'Mean negative log-likelihood of the golden samples per token, and of held-out ones where there are any.',
  'figure.dpoLoss': 'DPO loss',
  'figure.dpoLossWords':
    'The whole loss: preference, NLL of chosen, imitation of own successes, replay of golden samples.',
  'figure.rewards': 'Rewards',
  'figure.rewardsWords':
    'How much more likely than the reference the policy finds an answer, times beta. Chosen should not fall.',
  'figure.margins': 'Reward margin',
  'figure.marginsWords': 'Reward of chosen minus reward of rejected.',
  'figure.accuracies': 'Accuracy',
  'figure.accuraciesWords':
    'Share of pairs whose chosen answer has the higher reward. Faint lines are batches, strong lines their running mean.',
  'figure.logps': 'Log-probabilities',
  'figure.logpsWords': 'Sums over the answers, in nats. Rejected falls; chosen must hold its place.',
  'line.training': 'training',
  'line.heldOut': 'held out',
  'line.loss': 'loss',
  'line.chosen': 'chosen',
  'line.rejected': 'rejected',
  'line.margin': 'margin',
  'line.accuracy': 'accuracy',
  'report.training': 'Training',
  'report.trainingRounds': 'Every optimiser step. Upright lines separate the rounds.',
  'report.trainingLead': 'Every optimiser step.',
  'figure.forgetting': 'Golden samples while training',
  'figure.forgettingWords': 'Their NLL per token: it rises where a policy forgets.',
  'report.nothing': 'nothing was recorded',
  'report.examples': 'Example replays',
  'report.examplesLead': 'A success and a failure of each policy, step by step: the page, the thought, the action.',
  'report.solved': '{{arm}} solved it',
  'report.failed': '{{arm}} failed',
  'report.problem': '{{task}}, seed {{seed}}',
  'report.moreSteps_one': '{{count}} more step',
  'report.moreSteps_other': '{{count}} more steps',
  // The report of a study
  'study.kicker': 'DPO-Driver · study {{study}}',
  'study.footer':
    "Success means a raw reward of exactly 1. Means have 95% intervals of the hierarchical bootstrap over training seeds and problems (Owen 2007). Differences are tested with a mixed-effects model with crossed random effects of seed and problem (Clark 1973) and with an exact permutation test within problems (Fisher 1935); the larger p counts, after Holm's correction. A problem that the browser or a page broke in any training is counted for no policy.",
  'study.armsLead': 'All trainings played the same {{problemCount}} of {{taskCount}}, greedily.',
  'study.broken_one': '{{count}} problem is left out, because the browser or a page broke it.',
  'study.broken_other': '{{count}} problems are left out, because the browser or a page broke them.',
  'study.dots':
    'Above, every training seed is a dot ({{seeds}}); below, the stroke is the mean over seeds and the bar its 95% interval.',
  'study.everySeed': 'Success with every training seed',
  'study.means': 'Mean success with its interval',
  'study.seedValue': 'seed {{seed}}: {{value}}',
  'report.range': '{{low}} to {{high}}',
  'study.ofTogether': 'of {{together}}',
  'study.differences': 'Differences',
  'study.differencesLead':
    'In points, on the same seeds and problems. Holm’s p is the larger of both p, corrected for the comparisons of the same question. “Tells” is the smallest difference that a study of this size finds in four of five cases; the last column has the seeds that the difference seen would take.',
  'study.column.points': 'Points',
  'study.column.interval': '95% interval',
  'study.column.mixed': 'Mixed-effects',
  'study.column.exact': 'Exact',
  'study.column.holm': 'Holm',
  'study.column.tells': 'Tells',
  'study.column.seeds': 'Seeds',
  'study.tasksLead':
    'Mean success in percent over training seeds, with its 95% interval. With few problems a task the intervals are wide: read single tasks with care.',
  'study.taskChart': '{{task}}, every seed, mean and interval',
  'study.everySeedInTask': 'Every seed in every task',
  'study.nothing': 'nothing is finished',
  'study.lossWords': 'The whole loss of a step.',
  'study.logps': 'Log-probability of chosen',
  'study.logpsWords': 'Sums over the answers, in nats.',
  'study.accuraciesWords': 'Share of pairs whose chosen has the higher reward.',
  'study.trainingLead':
    'Every optimiser step of DPO in its first round: the line is the mean over training seeds, the band reaches from the lowest to the highest seed.',
  'study.itself': 'The study',
  'study.done': 'Trainings finished: {{done}} of {{planned}}.',
  'study.variants': 'Variants',
  'study.asConfigured': 'as configured',
  'study.expected':
    'Before the first training, such a study was expected to find differences of {{points}} points in four of five cases.',
  'study.plan': 'The plan',
} as const

# Three prompts, as a person on a host of the cluster would ask them: `lab ssh HOST -- zsh -s < lab/ask.zsh`, after a line with the key
# of the models, which stands in no list of processes that way: key=…
python=/opt/hybrid-ai/python/bin/python3
question='{"role": "user", "content": "Say hello."}'

ask() {
  print -r -- "$(hostname -s) % curl $1/v1/chat/completions --json '{\"model\": \"$2\", \"messages\": [$question]}'"
  curl -sS -m 60 -H @- "$1/v1/chat/completions" --json "{\"model\": \"$2\", \"messages\": [$question], \"max_tokens\": 12}" |
    $python -c 'import json, sys; print(json.dumps(json.load(sys.stdin)["choices"][0]["message"]["content"]))'
}

# llama.cpp on the Linux server and mlx_lm on a Mac want the key; exo, spread over the Macs, has none.
ask http://gpu1.olab:8080 tiny <<< "Authorization: Bearer $key"
ask http://olab2.olab:8090 tuned <<< "Authorization: Bearer $key"
ask http://olab1.olab:52415 small <<< ''

# on the machine with the GPU, in the environment where the expert's libraries are installed
export STUDIO_SECRET="${STUDIO_SECRET:-$(python -c 'import secrets; print(secrets.token_urlsafe(32))')}"
poser expert-server --experts studio-composer,studio-grader --host "${HOST:-127.0.0.1}" --port "${PORT:-8765}" \
    --secret-env STUDIO_SECRET

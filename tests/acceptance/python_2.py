"""The Python SDK 2.x, driven by `run`: a command a line in, an answer a line out."""

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from importlib.metadata import version

import httpx2
from mcp import Client, ClientSession, MCPError, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import InitializeRequest

TARGET = json.loads(sys.argv[1])
REVISION = TARGET["revision"]


class OlderSession(ClientSession):
    """Offers the revision asked for; `Client` alone offers the newest of each era."""

    async def send_request(self, request, *rest, **more):
        if isinstance(request, InitializeRequest):
            request.params.protocol_version = REVISION
        return await super().send_request(request, *rest, **more)


async def transport(stack):
    if "command" in TARGET:
        program, *args = TARGET["command"]
        return stdio_client(StdioServerParameters(command=program, args=args))
    headers = {"Authorization": f"Bearer {TARGET['token']}"}
    http = await stack.enter_async_context(httpx2.AsyncClient(headers=headers, timeout=30))
    return streamable_http_client(TARGET["url"], http_client=http)


async def connect(stack):
    streams = await transport(stack)
    if REVISION in ("2025-03-26", "2025-06-18"):
        session = OlderSession(*await stack.enter_async_context(streams))
        await (await stack.enter_async_context(session)).initialize()
        return session
    mode = "legacy" if REVISION == "2025-11-25" else REVISION
    return await stack.enter_async_context(Client(streams, mode=mode))


async def answer(client, tool, arguments):
    try:
        if tool is None:
            result = await client.list_tools()
        else:
            result = await client.call_tool(tool, arguments)
    except MCPError as error:
        return {"error": {"code": error.error.code, "message": error.error.message}}
    return {"result": result.model_dump(by_alias=True, mode="json")}


def say(message):
    print(json.dumps(message), flush=True)


async def main():
    async with AsyncExitStack() as stack:
        client = await connect(stack)
        revision = client.protocol_version
        say({"client": "Python SDK", "version": version("mcp"), "revision": revision})
        while line := await asyncio.to_thread(sys.stdin.readline):
            say(await answer(client, **json.loads(line)))


asyncio.run(main())

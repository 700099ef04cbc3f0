"""The Python SDK 1.x, driven by `run`: a command a line in, an answer a line out."""

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from importlib.metadata import version

import httpx
from mcp import ClientSession, McpError, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import InitializeRequest

TARGET = json.loads(sys.argv[1])


class Session(ClientSession):
    """Offers the revision asked for; the SDK alone always offers its newest."""

    async def send_request(self, request, *rest, **more):
        if isinstance(request.root, InitializeRequest):
            request.root.params.protocolVersion = TARGET["revision"]
        return await super().send_request(request, *rest, **more)


async def transport(stack):
    if "command" in TARGET:
        program, *args = TARGET["command"]
        return stdio_client(StdioServerParameters(command=program, args=args))
    headers = {"Authorization": f"Bearer {TARGET['token']}"}
    http = await stack.enter_async_context(httpx.AsyncClient(headers=headers, timeout=30))
    return streamable_http_client(TARGET["url"], http_client=http)


async def answer(session, tool, arguments):
    try:
        if tool is None:
            result = await session.list_tools()
        else:
            result = await session.call_tool(tool, arguments)
    except McpError as error:
        return {"error": {"code": error.error.code, "message": error.error.message}}
    return {"result": result.model_dump(by_alias=True, mode="json")}


def say(message):
    print(json.dumps(message), flush=True)


async def main():
    async with AsyncExitStack() as stack:
        streams = await stack.enter_async_context(await transport(stack))
        session = await stack.enter_async_context(Session(*streams[:2]))
        revision = (await session.initialize()).protocolVersion
        say({"client": "Python SDK", "version": version("mcp"), "revision": revision})
        while line := await asyncio.to_thread(sys.stdin.readline):
            say(await answer(session, **json.loads(line)))


asyncio.run(main())

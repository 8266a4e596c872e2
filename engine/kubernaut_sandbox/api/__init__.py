"""The HTTP API: from a URL, through authentication and authorization, to JSON, tables, watches and logs.

Start with `server`, which handles every request; `request_info` reads the URL. `resources` and `subresources` implement the
verbs with the registry, `request_bodies` (with `protobuf`) and `responses` read and write bodies, `watch` and `paging` serve
watches and lists in pages, `tables` (with `printer_columns` and `printer_cells`) what kubectl shows, `discovery` and `openapi`
the documents about the API. Uses `model`, `access`, `registry`, the `cluster` and `fault_injection`.
"""

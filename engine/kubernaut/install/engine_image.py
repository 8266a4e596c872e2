"""The image of action pods: the engine's own, unless the configuration names another."""

from __future__ import annotations

import logging
import os

from kubernaut.errors import KubernautError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import PODS
from kubernaut.settings import DEFAULT_IMAGE, Settings

log = logging.getLogger(__name__)


async def with_own_image(cluster: Cluster, settings: Settings) -> Settings:
    """Return the settings with the image of the engine's pod (`POD_NAME`, `POD_NAMESPACE`) if no image is configured."""
    name, namespace = os.environ.get("POD_NAME", ""), os.environ.get("POD_NAMESPACE", "")
    if settings.image != DEFAULT_IMAGE or not name or not namespace:
        return settings
    try:
        (pod,) = (await cluster.list(PODS, namespace, fields=f"metadata.name={name}")).items
        image = str(pod["spec"]["containers"][0]["image"])
    except (KubernautError, ValueError, LookupError) as error:
        log.warning("the engine's own image is unknown, so action pods run %s: %s", settings.image, error)
        return settings
    log.info("action pods run the engine's own image, %s", image)
    return settings.model_copy(update={"image": image})
